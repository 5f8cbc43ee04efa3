//! The golden samples: one whole event per type, as it is on the bus.

use quoin_events::{CATALOGUE, EventType};
use serde_json::Value;

use crate::{Fault, files};

/// Where the samples are.
pub(crate) const FOLDER: &str = "events/catalogue";

/// The sample of one type.
pub(crate) struct Sample {
    pub(crate) of: &'static EventType,
    pub(crate) envelope: Value,
}

impl Sample {
    /// Kind of the entity whose stream holds it.
    pub(crate) fn entity_kind(&self) -> Option<&str> {
        self.envelope.pointer("/metadata/entity/type")?.as_str()
    }

    /// Kind of what credits were spent on.
    pub(crate) fn target_type(&self) -> Option<&str> {
        self.envelope.pointer("/data/targetType")?.as_str()
    }

    /// Path of the file.
    pub(crate) fn path(of: &EventType) -> String {
        format!("{FOLDER}/{}.json", of.name)
    }

    /// The event as EventBridge hands it to a rule and to a queue.
    pub(crate) fn on_bus(&self) -> Value {
        let metadata = self.envelope.get("metadata");
        let event_id = metadata.and_then(|metadata| metadata.get("event_id")).cloned().unwrap_or_default();
        serde_json::json!({
            "version": "0",
            "id": event_id,
            "detail-type": self.of.name,
            "source": self.of.topic.as_str(),
            "account": "000000000000",
            "time": self.envelope.get("timestamp"),
            "region": "us-east-1",
            "resources": [],
            "detail": self.envelope,
        })
    }
}

/// Every sample, in the catalogue's order.
///
/// # Errors
/// If a type has none, or it is not JSON.
pub(crate) fn all() -> Result<Vec<Sample>, Fault> {
    let read = |of: &'static EventType| {
        let path = Sample::path(of);
        let envelope = serde_json::from_str(&files::read(&path)?).map_err(|error| format!("{path}: {error}"))?;
        Ok(Sample { of, envelope })
    };
    CATALOGUE.iter().map(read).collect()
}
