//! What holds of every stream: versions and sequences without gaps, time that does not go back, events that stand
//! where they say.

use quoin_events::{Place, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Break, Entry, Kind};

/// How far a stream has been followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Version of the latest item; 0 before the first.
    pub version: u64,
    /// Sequence that the next event gets.
    pub next_sequence: u64,
    /// Moment of the latest item.
    pub at: Timestamp,
}

impl Default for Thread {
    fn default() -> Self {
        Self { version: 0, next_sequence: 1, at: Timestamp::from_millis(i64::MIN) }
    }
}

impl Thread {
    /// Goes on to the next item. After a break it goes on from what is there, so that one break is told once.
    pub fn follow(&mut self, entry: &Entry) -> Vec<Break> {
        let mut breaks = Vec::new();
        let expected = self.version.saturating_add(1);
        if entry.version != expected {
            let found = format!("version {}", entry.version);
            breaks.push(Break::new(Kind::VersionGap, entry.place(), found, format!("version {expected}")));
        }
        if entry.first_sequence != self.next_sequence {
            let (found, expected) = (entry.first_sequence, self.next_sequence);
            let expected = format!("first sequence {expected}");
            breaks.push(Break::new(Kind::SequenceGap, entry.place(), format!("first sequence {found}"), expected));
        }
        if entry.at < self.at && self.version > 0 {
            let expected = format!("not before {}", self.at);
            breaks.push(Break::new(Kind::TimeBack, entry.place(), entry.at, expected));
        }
        breaks.extend(misplaced(entry));
        *self = Self { version: entry.version, next_sequence: entry.next_sequence, at: entry.at };
        breaks
    }
}

fn misplaced(entry: &Entry) -> Option<Break> {
    let count = entry.next_sequence.saturating_sub(entry.first_sequence);
    if u64::try_from(entry.events.len()).ok() != Some(count) {
        let found = format!("{} events", entry.events.len());
        return Some(Break::new(Kind::Event, entry.place(), found, format!("{count} events")));
    }
    let (kind, id) = entry.pk.split_once('#').unwrap_or((&entry.pk, ""));
    for (sequence, event) in (entry.first_sequence..).zip(&entry.events) {
        let expected = Place { kind, id, sequence }.event_id().to_string();
        let metadata = &event.metadata;
        let stands = metadata.entity.as_ref().is_some_and(|entity| entity.kind == kind && entity.id == id);
        if !stands || metadata.sequence != Some(sequence) || event.event_id() != expected {
            let of =
                metadata.entity.as_ref().map_or_else(String::new, |entity| format!("{}#{}", entity.kind, entity.id));
            let found = format!("event {} of {of}, sequence {:?}", event.event_id(), metadata.sequence);
            let expected = format!("event {expected} of {}, sequence {sequence}", entry.pk);
            return Some(Break::new(Kind::Event, entry.place(), found, expected));
        }
    }
    None
}
