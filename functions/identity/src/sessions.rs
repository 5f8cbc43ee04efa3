//! Sessions and their refresh tokens.
//!
//! A refresh token is good once: refreshing puts another in its place and remembers that the old one was
//! used. Whoever presents a used one has a copy of it, so the session ends for both. A session ends by itself
//! thirty days after it began, and with the password that it began with: a session names the stored hash that let
//! it in, so none of them outlives the write that puts another hash there, not even one that is begun meanwhile.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quoin_accounts::{PasswordHash, secret, sha256, table};
use quoin_events::Timestamp;
use quoin_runtime::{Env, Failure, Response};
use quoin_store::{Commit, Item, Key, Lost, Query, StoreError, Update};
use serde::Serialize;

use crate::tokens;

/// Seconds from a session's begin to its end.
const LIFETIME: i64 = 30 * 86_400;

/// A refresh token: the session and a secret of 256 bits.
pub(crate) struct RefreshToken {
    pub(crate) session_id: String,
    secret: String,
}

impl RefreshToken {
    /// A new token of a session.
    pub(crate) fn new(session_id: String) -> Result<Self, Failure> {
        let secret = URL_SAFE_NO_PAD.encode(secret::<32>()?);
        Ok(Self { session_id, secret })
    }

    /// A token as a client presents it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (session_id, secret) = text.split_once('.')?;
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let is_token = (1..=64).contains(&session_id.len()) && secret.len() == 43 && plain(session_id) && plain(secret);
        is_token.then(|| Self { session_id: session_id.to_owned(), secret: secret.to_owned() })
    }

    /// As the client gets it.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}", self.session_id, self.secret)
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> String {
        sha256(&self.text())
    }
}

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) session_id: String,
    pub(crate) user_id: String,
    /// Hash of the one refresh token that is good.
    pub(crate) token: String,
    /// Names the password's hash that it began with.
    pub(crate) credential: String,
    pub(crate) expires: i64,
    pub(crate) revoked: bool,
}

// Each hash has its own salt, so the same password set again is another credential.
fn credential(password: &PasswordHash) -> String {
    sha256(password.as_str())
}

fn session_key(session_id: &str) -> Key {
    Key::new(format!("session#{session_id}"), "session")
}

fn used_key(session_id: &str, hash: &str) -> Key {
    Key::new(format!("session#{session_id}"), format!("used#{hash}"))
}

impl Session {
    /// A session that begins now.
    pub(crate) fn begin(user_id: &str, password: &PasswordHash, token: &RefreshToken, now: Timestamp) -> Self {
        Self {
            session_id: token.session_id.clone(),
            user_id: user_id.to_owned(),
            token: token.hash(),
            credential: credential(password),
            expires: now.seconds().saturating_add(LIFETIME),
            revoked: false,
        }
    }

    /// The commit with this session, and with its place in the list of its user's sessions.
    pub(crate) fn put(&self, commit: Commit, table: &str, now: Timestamp) -> Commit {
        let key = session_key(&self.session_id);
        let session = Item::new()
            .text("pk", key.pk)
            .text("sk", key.sk)
            .text("user_id", self.user_id.clone())
            .text("token", self.token.clone())
            .text("credential", self.credential.clone())
            .number("expires", self.expires);
        let listed = Item::new()
            .text("pk", format!("user#{}", self.user_id))
            .text("sk", format!("session#{}", self.session_id))
            .text("session_id", self.session_id.clone())
            .number("started_at", now.millis())
            .number("expires", self.expires);
        commit.put_new(table, session).put(table, listed)
    }

    /// The session `session_id`.
    pub(crate) async fn load(env: &Env, session_id: &str) -> Result<Option<Self>, Failure> {
        let Some(item) = env.store.get(table(env)?, &session_key(session_id), true).await? else { return Ok(None) };
        Ok(Some(Self {
            session_id: session_id.to_owned(),
            user_id: item.require_text("user_id")?.to_owned(),
            token: item.require_text("token")?.to_owned(),
            credential: item.get_text("credential").unwrap_or_default().to_owned(),
            expires: item.get_number("expires").unwrap_or_default(),
            revoked: item.get_text("revoked").is_some(),
        }))
    }

    /// Whether it can still be continued by an account whose password is `password` now.
    pub(crate) fn is_good(&self, password: &PasswordHash, now: Timestamp) -> bool {
        !self.revoked && self.expires > now.seconds() && self.credential == credential(password)
    }

    /// Whether the token of hash `hash` was good once.
    pub(crate) async fn was_used(&self, env: &Env, hash: &str) -> Result<bool, Failure> {
        Ok(env.store.get(table(env)?, &used_key(&self.session_id, hash), true).await?.is_some())
    }

    /// Puts the token `next` in place of the good one; false if somebody else was first.
    pub(crate) async fn rotate(
        &self,
        env: &Env,
        context: &quoin_runtime::Context,
        next: &RefreshToken,
    ) -> Result<bool, StoreError> {
        let table = table(env).map_err(|error| StoreError::Refused(error.to_string()))?;
        let used = used_key(&self.session_id, &self.token);
        let used = Item::new().text("pk", used.pk).text("sk", used.sk).number("expires", self.expires);
        let update =
            Update::of(table, session_key(&self.session_id)).text("token", next.hash()).if_text("token", &self.token);
        let commit = Commit::new().update(update).put(table, used);
        match env.store.commit(commit, &context.origin).await {
            Ok(()) => Ok(true),
            Err(StoreError::Lost(lost)) => match *lost {
                Lost::Other { .. } => Ok(false),
                lost @ (Lost::Append { .. } | Lost::Wallet(_)) => Err(StoreError::Lost(Box::new(lost))),
            },
            Err(error) => Err(error),
        }
    }
}

/// Ends a session: no refresh token of it is good any more.
pub(crate) async fn revoke(env: &Env, session_id: &str, reason: &str) -> Result<(), Failure> {
    let update =
        Update::of(table(env)?, session_key(session_id)).text("revoked", reason).text("token", "-").if_exists();
    // One that is not there has run out.
    env.store.update(update).await?;
    Ok(())
}

/// Ends the sessions of a user that began up to a moment, and says how many that were.
pub(crate) async fn revoke_all(env: &Env, user_id: &str, until: Timestamp, reason: &str) -> Result<usize, Failure> {
    let (table, pk) = (table(env)?, format!("user#{user_id}"));
    let (mut after, mut ended) = (None, 0_usize);
    loop {
        let page = env.store.query(table, Query::of(&pk).begins_with("session#").after(after).consistent()).await?;
        for item in &page.items {
            if item.get_number("started_at").is_some_and(|began| began > until.millis()) {
                continue;
            }
            revoke(env, item.require_text("session_id")?, reason).await?;
            env.store.delete(table, &Key::new(&pk, item.require_text("sk")?)).await?;
            ended = ended.saturating_add(1);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(ended),
        }
    }
}

/// What a client gets.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Tokens {
    /// For the header Authorization.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds for which the access token is good.
    expires_in: i64,
    /// For the next pair; good once.
    refresh_token: String,
}

/// The answer with a new pair of tokens; nobody on the way may keep it.
pub(crate) fn answer(access_token: String, refresh: &RefreshToken) -> Result<Response, quoin_runtime::Problem> {
    let tokens =
        Tokens { access_token, token_type: "Bearer", expires_in: tokens::LIFETIME, refresh_token: refresh.text() };
    Ok(Response::json(200, &tokens)?.header("cache-control", "no-store"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_reads_back_and_is_kept_as_a_hash() {
        let token = RefreshToken::new("ses_1".into()).unwrap();
        let read = RefreshToken::parse(&token.text()).unwrap();
        assert_eq!((read.session_id.as_str(), read.hash()), ("ses_1", token.hash()));
        assert!(!token.hash().contains(&token.secret));
        assert_ne!(RefreshToken::new("ses_1".into()).unwrap().hash(), token.hash());
        for text in ["", ".", "ses_1", "ses_1.short", &format!("{}x", token.text()), &format!("a#{}", token.text())] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_session_ends_with_its_time_its_revocation_and_its_password() {
        let now = Timestamp::from_millis(1_000);
        let password = quoin_runtime::Personal::new("correct horse");
        let (hash, again) = (PasswordHash::of(&password).unwrap(), PasswordHash::of(&password).unwrap());
        let session = Session::begin("user_1", &hash, &RefreshToken::new("ses_1".into()).unwrap(), now);
        assert!(session.is_good(&hash, now));
        assert!(!session.is_good(&again, now));
        assert!(!session.is_good(&hash, now.plus_seconds(LIFETIME)));
        assert!(!Session { revoked: true, ..session.clone() }.is_good(&hash, now));
        assert!(!Session { credential: String::new(), ..session }.is_good(&hash, now));
    }
}
