//! The envelope of every event: what happened, when, to what, and how it is told apart.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The major version of events that this code reads and writes: a change of it means other fields, or another meaning of them.
const MAJOR: u32 = 1;

/// An event as it is on the bus and in a queue; `data` keeps its exact text until a consumer asks for its type.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// Name of the event, as in the catalogue.
    pub event: String,
    /// Version of the data, `major.minor`.
    pub version: String,
    /// The moment it describes; kept as received.
    pub timestamp: String,
    /// The event's own fields.
    pub data: Box<RawValue>,
    /// Where it comes from and what it belongs to.
    pub metadata: Metadata,
}

impl Envelope {
    /// The event's own fields as `T`.
    ///
    /// # Errors
    /// If the data does not have the shape of `T`.
    pub fn data<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.data.get())
    }

    /// Whether it is of the major version that this code knows: a newer minor one only adds members.
    ///
    /// # Errors
    /// Why it is not.
    pub fn known(&self) -> Result<(), String> {
        let Self { event, version, .. } = self;
        let major = version.split_once('.').map_or(version.as_str(), |(major, _)| major);
        if major.parse() == Ok(MAJOR) {
            return Ok(());
        }
        Err(format!("version {version} of {event} is not known here, which is {MAJOR}.x"))
    }

    /// What consumers deduplicate on; empty only for an event from outside that lacks it.
    #[must_use]
    pub fn event_id(&self) -> &str {
        self.metadata.event_id.as_deref().unwrap_or_default()
    }
}

/// The entity whose stream holds an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EntityRef {
    /// Kind of entity: `bet`, `order`, `user` …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// The wallet that a `wallet.*` event changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WalletRef {
    /// The user who owns it.
    pub id: String,
    /// The wallet's version after the change.
    pub version: u64,
    /// Gapless place among the wallet's events.
    pub sequence: u64,
}

/// Where an event comes from. Only the source's own members are required of a writer that is not us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metadata {
    /// The service that owns the event type.
    pub source: String,
    /// Correlates everything that one request led to; does not deduplicate.
    pub request_id: String,
    /// The caller's idempotency key, on the events that carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The merchant connector's own request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bizone_request_id: Option<String>,
    /// Unique and deterministic: version 5 UUID of `<stream>/<sequence>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The stream that holds the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityRef>,
    /// Gapless place in that stream, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The wallet that changed, on `wallet.*` events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<WalletRef>,
    /// The event that this one follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Routing key, of events about credits and boosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<String>,
}

/// An EventBridge event around an envelope, as it arrives in a queue.
#[derive(Debug, Clone, Deserialize)]
pub struct BusEvent {
    /// The envelope.
    pub detail: Envelope,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAMPLE: &str = r#"{"event":"wallet.debited","version":"1.0","timestamp":"2026-01-04T10:17:12.567Z",
        "data":{"amount":200.10,"more":{"nested":[1,2]}},"unknown":true,
        "metadata":{"source":"wallet-service","request_id":"req_125","future":{"a":1}}}"#;

    #[test]
    fn unknown_members_are_tolerated_and_data_keeps_its_digits() {
        let envelope: Envelope = serde_json::from_str(SAMPLE).unwrap();
        assert_eq!(envelope.data.get(), r#"{"amount":200.10,"more":{"nested":[1,2]}}"#);
        assert_eq!(envelope.event_id(), "");
        let written = serde_json::to_string(&envelope).unwrap();
        assert!(!written.contains("null"), "{written}");
    }

    #[test]
    fn another_major_version_is_not_known_and_another_minor_one_is() {
        let is_known = |version: &str| {
            let text = SAMPLE.replace("\"1.0\"", &format!("\"{version}\""));
            serde_json::from_str::<Envelope>(&text).unwrap().known().is_ok()
        };
        assert!(is_known("1.0") && is_known("1.9") && is_known("1"));
        for other in ["2.0", "0.9", "10.0", "x.0", "", ".1"] {
            assert!(!is_known(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn mutated_envelopes_are_read_or_refused_without_panic(at in 0_usize..400, with in any::<u8>(), cut in 1_usize..420) {
            let mut bytes = SAMPLE.as_bytes().to_vec();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = with;
            }
            bytes.truncate(cut);
            if let Ok(envelope) = serde_json::from_slice::<Envelope>(&bytes) {
                let _ = envelope.data::<crate::types::WalletDebited>();
            }
        }
    }
}
