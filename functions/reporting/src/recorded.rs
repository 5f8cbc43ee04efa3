//! An event together with the text it came in: a record keeps members that no type here knows.

use quoin_events::{BusEvent, EntityRef, Envelope, Origin, ParseTimestampError, Timestamp};
use quoin_runtime::{Failure, Message};
use quoin_verify::canonical;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An event as it is recorded.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Carried")]
pub struct Recorded {
    event: BusEvent,
    text: Box<RawValue>,
    sha256: String,
}

/// The part of a queue message that matters here.
#[derive(Deserialize)]
struct Carried {
    detail: Box<RawValue>,
}

impl TryFrom<Carried> for Recorded {
    type Error = serde_json::Error;

    fn try_from(Carried { detail: text }: Carried) -> Result<Self, serde_json::Error> {
        let detail = serde_json::from_str(text.get())?;
        let sha256 = canonical::sha256(text.get())?;
        Ok(Self { event: BusEvent { detail }, text, sha256 })
    }
}

impl Message for Recorded {
    fn origin(&self) -> Origin {
        self.event.origin()
    }

    fn label(&self) -> &str {
        self.event.label()
    }
}

impl Recorded {
    pub(crate) const fn envelope(&self) -> &Envelope {
        &self.event.detail
    }

    /// Whether its members mean what this code takes them to mean; a record of it does not depend on that.
    ///
    /// # Errors
    /// Poison, for an event of another major version.
    pub(crate) fn is_understood(&self) -> Result<(), Failure> {
        self.envelope().known().map_err(Failure::Poison)
    }

    /// The envelope as it came.
    pub(crate) fn text(&self) -> &str {
        self.text.get()
    }

    /// The envelope in canonical form, which is one line.
    ///
    /// # Errors
    /// Never, since it was read before.
    pub(crate) fn canonical(&self) -> Result<String, serde_json::Error> {
        canonical::text(self.text())
    }

    /// Hash of the envelope in canonical form.
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What the event is told apart by; its hash, for an event from outside that has no id.
    pub(crate) fn event_id(&self) -> &str {
        match self.envelope().event_id() {
            "" => &self.sha256,
            id => id,
        }
    }

    /// The stream that holds it; a stream of its own, for an event from outside that names none.
    pub(crate) fn entity(&self) -> EntityRef {
        let entity = self.envelope().metadata.entity.clone();
        entity.unwrap_or_else(|| EntityRef { kind: "event".to_owned(), id: self.event_id().to_owned() })
    }

    /// Its place in that stream.
    pub(crate) fn sequence(&self) -> u64 {
        self.envelope().metadata.sequence.unwrap_or(1)
    }

    /// When it happened.
    ///
    /// # Errors
    /// If the event says something that is not a moment.
    pub(crate) fn at(&self) -> Result<Timestamp, ParseTimestampError> {
        self.envelope().timestamp.parse()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A queue message around an event.
    pub(crate) fn recorded(event: &str, timestamp: &str, data: &str, metadata: &str) -> Recorded {
        let text = format!(
            r#"{{"source":"x.events","detail":{{"event":"{event}","version":"1.0","timestamp":"{timestamp}","data":{data},"metadata":{{"source":"x","request_id":"req_125"{metadata}}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_event_without_an_id_or_a_stream_is_recorded_all_the_same() {
        let foreign = recorded("Foreign", "2026-01-04T10:17:12.567Z", "{}", "");
        assert_eq!(foreign.event_id(), foreign.sha256());
        assert_eq!(foreign.entity(), EntityRef { kind: "event".to_owned(), id: foreign.sha256().to_owned() });
        assert_eq!(foreign.sequence(), 1);
    }

    #[test]
    fn an_event_of_another_major_version_can_be_recorded_and_not_counted() {
        let text = |version: &str| {
            let event = r#"{"event":"order.paid","timestamp":"t","data":{},"metadata":{"source":"x","request_id":"r"}"#;
            format!(r#"{{"detail":{event},"version":"{version}"}}}}"#)
        };
        let read = |version: &str| serde_json::from_str::<Recorded>(&text(version)).unwrap().is_understood();
        assert_eq!(read("1.7"), Ok(()));
        let Err(Failure::Poison(reason)) = read("2.0") else { panic!("it was understood") };
        assert_eq!(reason, "version 2.0 of order.paid is not known here, which is 1.x");
    }

    #[test]
    fn members_that_nobody_here_knows_are_kept() {
        let event = recorded("Foreign", "2026-01-04T10:17:12.567Z", r#"{"amount":1.10}"#, r#","shard":7"#);
        assert!(event.text().contains(r#""shard":7"#));
        assert!(event.text().contains("1.10"));
    }
}
