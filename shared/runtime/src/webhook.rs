//! Standard Webhooks: signatures over the raw bytes of a callback, checked before anything is parsed.

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq;

/// How far a callback's time may be from ours.
const TOLERANCE_SECONDS: i64 = 300;

/// Why a callback is not believed. What exactly was wrong is for the log, not for the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A header is missing or unreadable.
    #[error("the header {0} is missing or malformed")]
    Header(&'static str),
    /// Too old or too far ahead.
    #[error("the timestamp is too far from now")]
    Timestamp,
    /// No signature matches.
    #[error("no signature matches")]
    Signature,
    /// Our own secret cannot be read.
    #[error("the secret is malformed")]
    Secret,
}

/// Checks a callback and gives its `webhook-id`.
///
/// # Errors
/// If it is not signed with `secret`, or too old.
pub fn verify_webhook(
    secret: &str,
    headers: &BTreeMap<String, String>,
    body: &[u8],
    now: Timestamp,
) -> Result<String, WebhookError> {
    let header = |name: &'static str| {
        headers.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or(WebhookError::Header(name))
    };
    let id = header("webhook-id")?;
    let seconds: i64 = header("webhook-timestamp")?.parse().map_err(|_| WebhookError::Header("webhook-timestamp"))?;
    let given = header("webhook-signature")?;
    if now.seconds().saturating_sub(seconds).saturating_abs() > TOLERANCE_SECONDS {
        return Err(WebhookError::Timestamp);
    }
    let expected = signature(secret, id, seconds, body)?;
    // Every given signature is compared in full: the time taken tells nothing.
    let matches = given.split(' ').filter(|one| bool::from(one.as_bytes().ct_eq(expected.as_bytes()))).count();
    if matches == 0 { Err(WebhookError::Signature) } else { Ok(id.to_owned()) }
}

/// Headers that sign `body` as `id` at `now`.
///
/// # Errors
/// If the secret is malformed.
pub fn sign_webhook(
    secret: &str,
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> Result<Vec<(String, String)>, WebhookError> {
    Ok(vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), now.seconds().to_string()),
        ("webhook-signature".to_owned(), signature(secret, id, now.seconds(), body)?),
    ])
}

fn signature(secret: &str, id: &str, seconds: i64, body: &[u8]) -> Result<String, WebhookError> {
    let webhook = Webhook::new(secret).map_err(|_| WebhookError::Secret)?;
    webhook.sign(id, seconds, body).map_err(|_| WebhookError::Secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn signed(body: &[u8], at: i64) -> BTreeMap<String, String> {
        sign_webhook(SECRET, "msg_1", Timestamp::from_millis(at.saturating_mul(1000)), body)
            .unwrap()
            .into_iter()
            .collect()
    }

    #[test]
    fn a_signed_body_is_believed_for_five_minutes() {
        let headers = signed(b"{}", 1_000);
        let check = |at: i64, body: &[u8]| {
            verify_webhook(SECRET, &headers, body, Timestamp::from_millis(at.saturating_mul(1000)))
        };
        assert_eq!(check(1_000, b"{}").as_deref(), Ok("msg_1"));
        assert_eq!(check(1_300, b"{}").as_deref(), Ok("msg_1"));
        assert_eq!(check(1_301, b"{}"), Err(WebhookError::Timestamp));
        assert_eq!(check(1_000, b"{ }"), Err(WebhookError::Signature));
    }

    #[test]
    fn one_good_signature_among_others_is_enough() {
        let mut headers = signed(b"x", 5);
        let good = headers["webhook-signature"].clone();
        headers.insert("webhook-signature".into(), format!("v1,AAAA {good}"));
        assert!(verify_webhook(SECRET, &headers, b"x", Timestamp::from_millis(5_000)).is_ok());
    }

    proptest! {
        #[test]
        fn mutated_headers_are_refused_without_panic(id in ".{0,20}", time in "[-0-9]{0,22}", signature in ".{0,60}") {
            let headers = BTreeMap::from([
                ("webhook-id".to_owned(), id), ("webhook-timestamp".to_owned(), time), ("webhook-signature".to_owned(), signature),
            ]);
            prop_assert!(verify_webhook(SECRET, &headers, b"body", Timestamp::from_millis(5_000)).is_err());
        }
    }
}
