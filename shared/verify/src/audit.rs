//! Events that the audit trail does not have: never published, or lost on the way.

use quoin_events::Timestamp;
use quoin_store::Key;
use serde::{Deserialize, Serialize};

use crate::{Break, Entry, Kind};

/// An event that the trail has not been asked about yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unaudited {
    /// Its stream.
    pub pk: String,
    /// Its place there.
    pub sequence: u64,
    /// When it was committed.
    pub at: Timestamp,
}

impl Unaudited {
    /// The events of an item.
    pub fn of(entry: &Entry) -> impl Iterator<Item = Self> {
        let events = entry.first_sequence..entry.next_sequence;
        events.map(|sequence| Self { pk: entry.pk.clone(), sequence, at: entry.at })
    }

    /// The trail's row of it, as reporting keys it.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(format!("audit#{}", self.pk), format!("{:012}", self.sequence))
    }

    /// The break where the trail does not have it.
    #[must_use]
    pub fn missing(&self) -> Break {
        let place = format!("{} event {}", self.pk, self.sequence);
        let found = format!("committed at {}, not in the audit trail", self.at);
        Break::new(Kind::Unpublished, place, found, "a row in the audit trail")
    }
}
