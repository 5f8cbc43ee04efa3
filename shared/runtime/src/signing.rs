//! The platform's signing key: it never leaves KMS.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};

use crate::{Env, Failure};

/// An ES256 key as the two coordinates of its point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// `kid` of the tokens it verifies.
    pub key_id: String,
    /// 32 bytes.
    pub x: Vec<u8>,
    /// 32 bytes.
    pub y: Vec<u8>,
}

/// A key or signature that is not what ES256 needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Not an uncompressed point of P-256.
    #[error("the key is not on P-256")]
    Key,
    /// Not a DER signature of two integers.
    #[error("the signature is malformed")]
    Signature,
}

/// Bytes of a coordinate and of each half of a signature.
const HALF: usize = 32;

impl Env {
    /// Signs with ES256; the result is the 64 bytes that JOSE wants.
    ///
    /// # Errors
    /// If KMS cannot be reached.
    pub async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let digest = ring::digest::digest(&ring::digest::SHA256, message);
        let reply = self
            .kms()
            .sign()
            .key_id(self.config.require("KEY_IDENTITY")?)
            .message(Blob::new(digest.as_ref()))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await
            .map_err(|error| Failure::Transient(format!("not signed: {}", error.into_service_error())))?;
        let der = reply.signature.map(Blob::into_inner).unwrap_or_default();
        from_der(&der).map_err(Failure::transient)
    }

    /// The public half of the signing key, read once.
    ///
    /// # Errors
    /// If KMS cannot be reached.
    pub async fn public_key(&self) -> Result<PublicKey, Failure> {
        if let Some(key) = self.public_key.get() {
            return Ok(key.clone());
        }
        let key_id = self.config.require("KEY_IDENTITY")?;
        let reply = self
            .kms()
            .get_public_key()
            .key_id(key_id)
            .send()
            .await
            .map_err(|error| Failure::Transient(format!("no public key: {}", error.into_service_error())))?;
        let der = reply.public_key.map(Blob::into_inner).unwrap_or_default();
        let kid = key_id.rsplit('/').next().unwrap_or(key_id);
        let key = point(kid, &der).map_err(Failure::transient)?;
        Ok(self.public_key.get_or_init(|| key).clone())
    }
}

// SubjectPublicKeyInfo of a P-256 key ends with the uncompressed point: 0x04, x, y.
fn point(key_id: &str, der: &[u8]) -> Result<PublicKey, SigningError> {
    let point = der.len().checked_sub(2 * HALF + 1).and_then(|start| der.get(start..)).ok_or(SigningError::Key)?;
    let (Some(0x04), Some(x), Some(y)) = (point.first(), point.get(1..=HALF), point.get(HALF + 1..)) else {
        return Err(SigningError::Key);
    };
    Ok(PublicKey { key_id: key_id.to_owned(), x: x.to_vec(), y: y.to_vec() })
}

// KMS answers SEQUENCE { INTEGER r, INTEGER s }; JOSE wants r and s as 32 bytes each.
fn from_der(der: &[u8]) -> Result<Vec<u8>, SigningError> {
    let mut rest = der.get(2..).filter(|_| der.first() == Some(&0x30)).ok_or(SigningError::Signature)?;
    let mut out = Vec::with_capacity(2 * HALF);
    for _ in 0..2 {
        let (Some(0x02), Some(length)) = (rest.first(), rest.get(1).copied().map(usize::from)) else {
            return Err(SigningError::Signature);
        };
        let end = length.checked_add(2).ok_or(SigningError::Signature)?;
        let integer = rest.get(2..end).ok_or(SigningError::Signature)?;
        rest = rest.get(end..).unwrap_or_default();
        let first = integer.iter().position(|byte| *byte != 0).unwrap_or(integer.len());
        let digits = integer.get(first..).unwrap_or_default();
        let padding = HALF.checked_sub(digits.len()).ok_or(SigningError::Signature)?;
        out.extend(std::iter::repeat_n(0, padding));
        out.extend_from_slice(digits);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_padded_integers_become_32_bytes_each() {
        let mut der = vec![0x30, 0x26, 0x02, 0x01, 0x05, 0x02, 0x21, 0x00];
        der.extend([0xff; 32]);
        let raw = from_der(&der).unwrap();
        assert_eq!(raw.len(), 64);
        assert_eq!((raw[31], raw[32]), (5, 0xff));
        assert_eq!(from_der(&[0x30, 0x01]), Err(SigningError::Signature));
    }
}
