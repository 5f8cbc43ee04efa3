//! What goes over a connection, either way.

use quoin_runtime::parse_json;
use serde::{Deserialize, Serialize};

use crate::channel::Unavailable;

/// The most bytes of what a client sends.
pub(crate) const MAX_SENT: usize = 1_024;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// What to do.
    pub(crate) action: Action,
    /// With which channel.
    pub(crate) channel: String,
}

/// What a client may do with a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Be told of what happens from now on.
    Subscribe,
    /// Be told no more.
    Unsubscribe,
}

/// An answer to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    /// It is as the client wished.
    Done {
        /// `subscribed`, `unsubscribed`, `pong`.
        action: &'static str,
        /// The channel, as the client calls it.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
    },
    /// It is not.
    Refused {
        /// Why.
        error: Refusal,
    },
}

/// Why a client does not get what it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    /// As in HTTP.
    pub(crate) status: u16,
    /// Stable.
    pub(crate) code: &'static str,
    /// In words.
    pub(crate) detail: String,
    /// The member that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
}

impl Refusal {
    /// A refusal of the message as a whole.
    pub(crate) fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), pointer: None }
    }

    /// A refusal of one member.
    pub(crate) fn of(pointer: impl Into<String>, status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), ..Self::new(status, code, detail) }
    }
}

impl From<Unavailable> for Refusal {
    fn from(unavailable: Unavailable) -> Self {
        match unavailable {
            Unavailable::Unknown => Self::of(
                "/channel",
                404,
                "CHANNEL_UNKNOWN",
                "there is no such channel; there are user, gig:<id> and clan:<id>",
            ),
            Unavailable::Forbidden => {
                Self::of("/channel", 403, "CHANNEL_FORBIDDEN", "a person's channel is their own; yours is user")
            }
        }
    }
}

/// What a client sent, if it is not larger than it may be.
///
/// # Errors
/// That it is.
pub(crate) fn sized(text: &str) -> Result<&str, Refusal> {
    if text.len() > MAX_SENT {
        let detail = format!("the message is larger than {MAX_SENT} bytes");
        return Err(Refusal::new(413, "MESSAGE_TOO_LARGE", detail));
    }
    Ok(text)
}

/// What a client wishes.
///
/// # Errors
/// What is wrong with the message, and where.
pub(crate) fn wish(text: &str) -> Result<Wish, Refusal> {
    parse_json(sized(text)?.as_bytes()).map_err(|problem| {
        let first = problem.errors.into_iter().next();
        let (pointer, detail) = first.map_or((None, problem.detail), |error| (Some(error.pointer), error.detail));
        let pointer = pointer.filter(|pointer| !pointer.is_empty());
        Refusal { pointer, ..Refusal::new(400, "MESSAGE_MALFORMED", detail) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wish_is_an_action_and_a_channel() {
        let read = wish(r#"{"action":"subscribe","channel":"user"}"#).unwrap();
        assert_eq!(read, Wish { action: Action::Subscribe, channel: "user".to_owned() });
        for (text, pointer) in [
            (r#"{"action":"subscribe"}"#, Some("/channel")),
            (r#"{"action":"subscribe","channel":1}"#, Some("/channel")),
            (r#"{"action":"subscribe","channel":"user","more":1}"#, Some("/more")),
            (r#"{"action":"subscribe","channel":"user","channel":"user"}"#, Some("/channel")),
            ("[]", None),
            ("", None),
        ] {
            let refusal = wish(text).unwrap_err();
            assert_eq!((refusal.status, refusal.code), (400, "MESSAGE_MALFORMED"), "{text}");
            assert_eq!(refusal.pointer.as_deref(), pointer, "{text}: {}", refusal.detail);
        }
        assert_eq!(wish(&"a".repeat(MAX_SENT + 1)).unwrap_err().code, "MESSAGE_TOO_LARGE");
    }

    #[test]
    fn answers_are_told_from_refusals() {
        let text = |answer| serde_json::to_string(&answer).unwrap();
        assert_eq!(text(Answer::Done { action: "pong", channel: None }), r#"{"action":"pong"}"#);
        let error = Refusal::from(Unavailable::Forbidden);
        let text = text(Answer::Refused { error });
        assert!(text.starts_with(r#"{"error":{"status":403,"code":"CHANNEL_FORBIDDEN""#), "{text}");
    }

    proptest! {
        #[test]
        fn whatever_a_client_sends_is_read_or_refused(text in ".{0,200}") {
            let _ = wish(&text);
        }
    }
}
