//! One dead letter: what is known of a message that was given up. Pure.

use std::collections::{BTreeMap, BTreeSet};

use quoin_events::{BusEvent, EntityRef, Timestamp};
use serde::Serialize;

/// Who gave a message up, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LetterClass {
    /// Its consumer, after the last retry.
    Exhausted,
    /// Its consumer, at once: it can never succeed.
    Poison,
    /// The queue: its consumer got it too often and never said a word, since it crashed or was stopped.
    Crashed,
    /// The bus, which could not put it into the queue.
    Undelivered,
}

impl LetterClass {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Poison => "poison",
            Self::Crashed => "crashed",
            Self::Undelivered => "undelivered",
        }
    }
}

/// A dead letter without its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeadLetter {
    /// Its id in the dead-letter queue; what a redrive names it by.
    pub message_id: String,
    /// Who gave it up.
    pub class: LetterClass,
    /// Why.
    pub reason: String,
    /// How often it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The function that gave it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Since when it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked_at: Option<Timestamp>,
    /// Name of the event, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The event's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// What the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityRef>,
}

impl DeadLetter {
    /// What the message's attributes and body tell; `sent` is when it came into the queue.
    pub(super) fn read(
        message_id: &str,
        attributes: &BTreeMap<String, String>,
        sent: Option<Timestamp>,
        body: &str,
    ) -> Self {
        let text = |name: &str| attributes.get(name).map(String::as_str).filter(|text| !text.is_empty());
        let (class, reason) = match (text("class"), text("ERROR_CODE")) {
            (Some("poison"), _) => (LetterClass::Poison, text("reason").unwrap_or_default().to_owned()),
            (Some(_), _) => (LetterClass::Exhausted, text("reason").unwrap_or_default().to_owned()),
            (None, Some(code)) => {
                (LetterClass::Undelivered, format!("{code}: {}", text("ERROR_MESSAGE").unwrap_or_default()))
            }
            (None, None) => (LetterClass::Crashed, "received too often, without a word from its consumer".to_owned()),
        };
        let event = serde_json::from_str::<BusEvent>(body).ok().map(|event| event.detail);
        Self {
            message_id: message_id.to_owned(),
            class,
            reason,
            attempts: text("attempts").and_then(|attempts| attempts.parse().ok()),
            function: text("function").map(str::to_owned),
            parked_at: text("parked_at").and_then(|at| at.parse().ok()).or(sent),
            event: event.as_ref().map(|event| event.event.clone()),
            event_id: event.as_ref().and_then(|event| event.metadata.event_id.clone()),
            entity: event.and_then(|event| event.metadata.entity),
        }
    }
}

/// Which letters go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All that are there when it begins: a letter that comes back at once is not sent again.
    All,
    /// Those with these ids.
    Ids(BTreeSet<String>),
}

impl Selection {
    /// Whether a letter that came at `sent` goes back in a redrive that began at `start`.
    pub(super) fn takes(&self, message_id: &str, sent: Option<Timestamp>, start: Timestamp) -> bool {
        match self {
            Self::All => sent.is_none_or(|sent| sent <= start),
            Self::Ids(ids) => ids.contains(message_id),
        }
    }

    /// Ids that were asked for and not among `seen`.
    pub(super) fn missing(&self, seen: &BTreeSet<String>) -> Vec<String> {
        match self {
            Self::All => Vec::new(),
            Self::Ids(ids) => ids.difference(seen).cloned().collect(),
        }
    }
}

/// Whether `name` can be a queue of the platform: what leads elsewhere is none.
pub(super) fn is_queue_name(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 60 && name.split('-').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"source":"payment.events","detail":{"event":"DepositSuccess","version":"1.0",
        "timestamp":"2026-01-04T10:17:12.567Z","data":{"amount":1},"metadata":{"source":"payment-service",
        "request_id":"r","event_id":"e1","entity":{"type":"payment","id":"p1"},"sequence":2}}}"#;

    fn letter(attributes: &[(&str, &str)], body: &str) -> DeadLetter {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        DeadLetter::read("m1", &attributes, Some(Timestamp::from_millis(5)), body)
    }

    #[test]
    fn a_letter_that_its_consumer_parked_tells_why_when_and_what() {
        let parked = letter(
            &[
                ("reason", "there is no wallet"),
                ("class", "poison"),
                ("attempts", "1"),
                ("function", "quoin-dev-wallet-deposits"),
                ("parked_at", "2026-01-04T10:18:00.000Z"),
            ],
            BODY,
        );
        assert_eq!(
            (parked.class, parked.reason.as_str(), parked.attempts),
            (LetterClass::Poison, "there is no wallet", Some(1))
        );
        assert_eq!(parked.parked_at.unwrap().to_string(), "2026-01-04T10:18:00.000Z");
        assert_eq!((parked.event.as_deref(), parked.event_id.as_deref()), (Some("DepositSuccess"), Some("e1")));
        let shown = serde_json::to_string(&parked).unwrap();
        assert!(!shown.contains("amount"), "{shown}");
    }

    #[test]
    fn letters_that_no_consumer_parked_say_who_did() {
        let crashed = letter(&[], BODY);
        assert_eq!((crashed.class, crashed.parked_at), (LetterClass::Crashed, Some(Timestamp::from_millis(5))));
        let lost = letter(&[("ERROR_CODE", "NO_PERMISSIONS"), ("ERROR_MESSAGE", "denied")], BODY);
        assert_eq!((lost.class, lost.reason.as_str()), (LetterClass::Undelivered, "NO_PERMISSIONS: denied"));
    }

    #[test]
    fn a_body_that_is_no_event_is_a_letter_all_the_same() {
        for body in ["", "{}", "not json", r#"{"detail":{}}"#] {
            assert_eq!(letter(&[("class", "exhausted")], body).event, None, "{body}");
        }
    }

    #[test]
    fn what_comes_back_at_once_is_not_sent_again() {
        let at = Timestamp::from_millis;
        assert!(Selection::All.takes("m", Some(at(5)), at(5)) && Selection::All.takes("m", None, at(5)));
        assert!(!Selection::All.takes("m", Some(at(6)), at(5)));
    }

    #[test]
    fn ids_choose_and_those_that_are_not_there_are_told() {
        let ids = Selection::Ids(["a", "b"].map(str::to_owned).into());
        assert!(ids.takes("a", None, Timestamp::default()) && !ids.takes("c", None, Timestamp::default()));
        assert_eq!(ids.missing(&["a".to_owned()].into()), ["b"]);
    }

    #[test]
    fn only_names_of_the_platform_s_form_are_queues() {
        for name in ["wallet-payouts", "audit", "a1-b2"] {
            assert!(is_queue_name(name), "{name}");
        }
        for name in ["", "-", "a-", "A", "a/b", "a.fifo", "a_b", "a--b", &"a".repeat(61)] {
            assert!(!is_queue_name(name), "{name}");
        }
    }
}
