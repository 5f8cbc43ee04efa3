//! A person's data: in the clear only in memory, sealed under the person's own key everywhere else.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quoin_events::{Sealed, Timestamp};
use quoin_store::{Item, Key};
use ring::{aead, hmac};
use serde::{Deserialize, Serialize};

use crate::{Env, Failure};

/// A personal field in the clear. It cannot be serialised and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline, description = "kept sealed"))]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the provider that delivers it, or for its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(…)")
    }
}

/// A sealed field that cannot be opened, or a key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not made with this key, altered, or of another person.
    #[error("the sealed field cannot be opened with this person's key")]
    Unreadable,
    /// The key is not 256 bits.
    #[error("the data key is malformed")]
    Key,
}

/// A person's key. Sealing is deterministic: the same field of the same person gives the same text,
/// so that a write that is tried again is the same write.
#[derive(Clone)]
pub struct DataKey {
    user_id: String,
    cipher: aead::LessSafeKey,
    nonces: hmac::Key,
    document_nonces: hmac::Key,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

impl DataKey {
    /// The key of `user_id` from 32 secret bytes.
    ///
    /// # Errors
    /// If there are not 32 bytes.
    pub fn new(user_id: &str, bytes: &[u8]) -> Result<Self, SealError> {
        let cipher = aead::UnboundKey::new(&aead::AES_256_GCM, bytes).map_err(|_| SealError::Key)?;
        let derivation = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let nonces = |label: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&derivation, label).as_ref());
        Ok(Self {
            user_id: user_id.to_owned(),
            cipher: aead::LessSafeKey::new(cipher),
            nonces: nonces(b"quoin nonce v1"),
            document_nonces: nonces(b"quoin document nonce v1"),
        })
    }

    /// Seals a field.
    ///
    /// # Errors
    /// If the cipher fails, which it does not for texts of any real length.
    pub fn seal(&self, field: &Personal) -> Result<Sealed, SealError> {
        let nonce = hmac::sign(&self.nonces, field.0.as_bytes());
        let out = self.sealed(nonce, self.user_id.as_bytes(), field.0.as_bytes())?;
        format!("{}{}", Sealed::PREFIX, STANDARD.encode(out)).parse().map_err(|_| SealError::Unreadable)
    }

    /// Opens a field.
    ///
    /// # Errors
    /// If it was not sealed with this key, or was altered.
    pub fn open(&self, sealed: &Sealed) -> Result<Personal, SealError> {
        let text = sealed.as_str().strip_prefix(Sealed::PREFIX).ok_or(SealError::Unreadable)?;
        let bytes = STANDARD.decode(text).map_err(|_| SealError::Unreadable)?;
        let clear = self.opened(self.user_id.as_bytes(), bytes)?;
        String::from_utf8(clear).map(Personal).map_err(|_| SealError::Unreadable)
    }

    /// Seals a document, which is called `name`: under another name it does not open.
    ///
    /// # Errors
    /// If the cipher fails, which it does not for documents of any real length.
    pub fn seal_document(&self, name: &str, document: &[u8]) -> Result<Vec<u8>, SealError> {
        let bound_to = self.document(name);
        // One nonce never goes with two names: that would tell something of the key.
        let mut nonce = hmac::Context::with_key(&self.document_nonces);
        nonce.update(hmac::sign(&self.document_nonces, bound_to.as_bytes()).as_ref());
        nonce.update(document);
        self.sealed(nonce.sign(), bound_to.as_bytes(), document)
    }

    /// Opens the document called `name`.
    ///
    /// # Errors
    /// If it was not sealed with this key and name, or was altered.
    pub fn open_document(&self, name: &str, sealed: Vec<u8>) -> Result<Vec<u8>, SealError> {
        self.opened(self.document(name).as_bytes(), sealed)
    }

    /// What a document is bound to. No user's id has a line break, so none of it passes for a field.
    fn document(&self, name: &str) -> String {
        format!("{}\n{name}", self.user_id)
    }

    /// The nonce, and `clear` enciphered with it and bound to `bound_to`.
    fn sealed(&self, nonce: hmac::Tag, bound_to: &[u8], clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; aead::NONCE_LEN] =
            nonce.as_ref().get(..aead::NONCE_LEN).and_then(|bytes| bytes.try_into().ok()).ok_or(SealError::Key)?;
        let mut bytes = clear.to_vec();
        self.cipher
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), aead::Aad::from(bound_to), &mut bytes)
            .map_err(|_| SealError::Unreadable)?;
        let mut out = nonce.to_vec();
        out.append(&mut bytes);
        Ok(out)
    }

    fn opened(&self, bound_to: &[u8], mut sealed: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let mut rest = sealed.split_off(aead::NONCE_LEN.min(sealed.len()));
        let nonce = aead::Nonce::try_assume_unique_for_key(&sealed).map_err(|_| SealError::Unreadable)?;
        let clear = self
            .cipher
            .open_in_place(nonce, aead::Aad::from(bound_to), &mut rest)
            .map_err(|_| SealError::Unreadable)?;
        Ok(clear.to_vec())
    }
}

/// A key that does not exist for others until its item is committed.
#[derive(Debug)]
pub struct NewDataKey {
    /// For sealing.
    pub key: DataKey,
    /// The wrapped key, for the table of data keys.
    pub item: Item,
}

/// What the table of data keys holds.
#[derive(Serialize, Deserialize)]
struct Wrapped {
    key: String,
}

/// How long a warm environment goes on with a key that it has opened: so long after an erasure may a field still be
/// read.
const KEEP_MS: i64 = 60_000;
/// The most keys that one environment remembers.
const MOST_KEYS: usize = 1_000;

/// Keys that were opened lately, by the person, each with the moment when its row was read.
#[derive(Debug, Default)]
pub(crate) struct RecentKeys(BTreeMap<String, (DataKey, Timestamp)>);

impl RecentKeys {
    /// The key of `user_id`, unless it was read too long ago.
    fn get(&self, user_id: &str, now: Timestamp) -> Option<DataKey> {
        self.0.get(user_id).filter(|(_, read_at)| is_recent(*read_at, now)).map(|(key, _)| key.clone())
    }

    /// Remembers a key whose row was read at `read_at`, and forgets those whose time is over.
    fn keep(&mut self, user_id: &str, key: DataKey, read_at: Timestamp) {
        self.0.retain(|_, (_, other)| is_recent(*other, read_at));
        while self.0.len() >= MOST_KEYS {
            self.0.pop_first();
        }
        self.0.insert(user_id.to_owned(), (key, read_at));
    }
}

fn is_recent(read_at: Timestamp, now: Timestamp) -> bool {
    now < read_at.plus_millis(KEEP_MS)
}

impl Env {
    /// A new key for `user_id`, wrapped by KMS.
    ///
    /// # Errors
    /// If KMS cannot be reached.
    pub async fn new_data_key(&self, user_id: &str) -> Result<NewDataKey, Failure> {
        let reply = self
            .kms()
            .generate_data_key()
            .key_id(self.config.require("KEY_PERSONAL").map_err(Failure::transient)?)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context("user_id", user_id)
            .send()
            .await
            .map_err(|error| Failure::Transient(format!("no data key: {}", error.into_service_error())))?;
        let clear = reply.plaintext.map(Blob::into_inner).unwrap_or_default();
        let wrapped = reply.ciphertext_blob.map(Blob::into_inner).unwrap_or_default();
        let key = DataKey::new(user_id, &clear).map_err(Failure::transient)?;
        let item = Item::new()
            .text("pk", user_id)
            .json("wrapped", &Wrapped { key: STANDARD.encode(wrapped) })
            .map_err(Failure::from)?;
        Ok(NewDataKey { key, item })
    }

    /// The key of `user_id`; `None` if the person was erased, at the latest a minute ago, or never existed.
    ///
    /// # Errors
    /// If the table or KMS cannot be reached.
    pub async fn data_key(&self, user_id: &str) -> Result<Option<DataKey>, Failure> {
        // Before the row is read: what is read while somebody erases it is not believed for longer.
        let now = self.clock.now();
        if let Ok(keys) = self.data_keys.lock()
            && let Some(key) = keys.get(user_id, now)
        {
            return Ok(Some(key));
        }
        let table = self.config.require("USER_KEYS_TABLE").map_err(Failure::transient)?;
        let Some(item) = self.store.get(table, &Key::single(user_id), true).await? else { return Ok(None) };
        let wrapped: Wrapped = item.require_json("wrapped")?;
        let blob = STANDARD.decode(wrapped.key).map_err(Failure::poison)?;
        let reply = self
            .kms()
            .decrypt()
            .key_id(self.config.require("KEY_PERSONAL").map_err(Failure::transient)?)
            .ciphertext_blob(Blob::new(blob))
            .encryption_context("user_id", user_id)
            .send()
            .await
            .map_err(|error| {
                Failure::Transient(format!("the data key stays wrapped: {}", error.into_service_error()))
            })?;
        let clear = reply.plaintext.map(Blob::into_inner).unwrap_or_default();
        let key = DataKey::new(user_id, &clear).map_err(Failure::transient)?;
        if let Ok(mut keys) = self.data_keys.lock() {
            keys.keep(user_id, key.clone(), now);
        }
        Ok(Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_field_opens_only_for_its_owner_and_unaltered() {
        let (anna, otto) = (DataKey::new("anna", &[7; 32]).unwrap(), DataKey::new("otto", &[7; 32]).unwrap());
        let sealed = anna.seal(&Personal::new("+49 170 1234567")).unwrap();
        assert_eq!(anna.open(&sealed).unwrap().reveal(), "+49 170 1234567");
        assert_eq!(otto.open(&sealed), Err(SealError::Unreadable));
        let mut letters: Vec<char> = sealed.as_str().chars().collect();
        letters[20] = if letters[20] == 'A' { 'B' } else { 'A' };
        let altered = String::from_iter(letters).parse().unwrap();
        assert_eq!(anna.open(&altered), Err(SealError::Unreadable));
        assert_eq!(anna.seal(&Personal::new("+49 170 1234567")).unwrap(), sealed);
    }

    #[test]
    fn a_document_opens_only_for_its_owner_under_its_name_and_unaltered() {
        let (anna, otto) = (DataKey::new("anna", &[7; 32]).unwrap(), DataKey::new("otto", &[7; 32]).unwrap());
        let document = b"%PDF \xff\x00";
        let sealed = anna.seal_document("one", document).unwrap();
        assert_eq!(anna.open_document("one", sealed.clone()).unwrap(), document);
        assert_eq!(anna.seal_document("one", document).unwrap(), sealed);
        assert_eq!(anna.open_document("two", sealed.clone()), Err(SealError::Unreadable));
        assert_eq!(otto.open_document("one", sealed.clone()), Err(SealError::Unreadable));
        assert_eq!(anna.open_document("one", sealed[..8].to_vec()), Err(SealError::Unreadable));
        let mut altered = sealed.clone();
        altered[14] ^= 1;
        assert_eq!(anna.open_document("one", altered), Err(SealError::Unreadable));
        assert!(!sealed.windows(4).any(|part| part == b"%PDF"));
    }

    #[test]
    fn a_key_is_remembered_for_a_minute_and_then_forgotten() {
        let at = |ms| Timestamp::from_millis(ms);
        let key = |name: &str| DataKey::new(name, &[7; 32]).unwrap();
        let mut keys = RecentKeys::default();
        keys.keep("anna", key("anna"), at(1_000));
        assert!(keys.get("anna", at(1_000)).is_some() && keys.get("otto", at(1_000)).is_none());
        assert!(keys.get("anna", at(60_999)).is_some());
        assert!(keys.get("anna", at(61_000)).is_none());
        keys.keep("otto", key("otto"), at(61_000));
        assert_eq!(keys.0.keys().collect::<Vec<_>>(), ["otto"], "nothing stays in memory whose time is over");
        for number in 0..MOST_KEYS + 10 {
            keys.keep(&number.to_string(), key("x"), at(61_000));
        }
        assert_eq!(keys.0.len(), MOST_KEYS);
    }

    #[test]
    fn debugging_shows_nothing() {
        let personal = Personal::new("Jane Doe");
        let sealed = DataKey::new("u", &[1; 32]).unwrap().seal(&personal).unwrap();
        assert!(!format!("{personal:?}{sealed:?}").contains("Jane"));
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_again(text in ".{0,200}") {
            let key = DataKey::new("u", &[3; 32]).unwrap();
            let sealed = key.seal(&Personal::new(text.clone())).unwrap();
            prop_assert!(text.len() < 12 || !sealed.as_str().contains(&text));
            let opened = key.open(&sealed).unwrap();
            prop_assert_eq!(opened.reveal(), &text);
        }
    }
}
