//! A replay as it is kept: what is to be sent, and how far it is.

use quoin_events::Timestamp;
use quoin_store::{Item, Key, StoreError, Update};
use serde::{Deserialize, Serialize};

use crate::warehouse::Partition;

/// Where replays are in the table of reporting.
pub(crate) const PK: &str = "replays";
/// The most days that one replay may span: copies are kept no longer.
pub(crate) const MOST_DAYS: i64 = 366;
const DAY_SECONDS: i64 = 86_400;
/// For how long a replay can be looked at after its end.
const KEPT_SECONDS: i64 = 90 * DAY_SECONDS;

/// Events of a span of time for one consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replay {
    pub(crate) replay_id: String,
    pub(crate) consumer: String,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) events: Vec<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) started_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) sent: u64,
    /// Why it stood still when it was last taken up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_error: Option<String>,
    pub(crate) place: Place,
}

/// How far a replay is: everything before has been sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Number of the event type's day.
    pub(crate) partition: usize,
    /// What of it: 0 is what is staged, then its parts.
    pub(crate) part: usize,
    /// The last line of that which was sent: `<moment>#<event id>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

/// A replay as it was read, with the version of its row.
pub(crate) struct Stored {
    pub(crate) replay: Replay,
    pub(crate) version: i64,
}

impl Replay {
    /// A replay of which nothing is sent yet.
    pub(crate) fn begun(
        replay_id: String,
        consumer: String,
        (from, to): (Timestamp, Timestamp),
        events: Vec<String>,
        (started_at, started_by): (Timestamp, String),
    ) -> Self {
        let (finished_at, last_error) = (None, None);
        let (sent, place) = (0, Place::default());
        Self { replay_id, consumer, from, to, events, started_at, started_by, finished_at, sent, last_error, place }
    }

    /// How many types' days are behind it.
    pub(crate) fn days_done(&self) -> usize {
        self.place.partition
    }

    /// The replay in its row.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn read(row: &Item) -> Result<Self, StoreError> {
        row.require_json("replay")
    }

    /// How many types' days there are.
    pub(crate) fn partitions(&self) -> usize {
        self.days().saturating_mul(self.events.len())
    }

    /// The type's day with that number; days come one after the other.
    pub(crate) fn partition(&self, number: usize) -> Option<Partition> {
        let event = self.events.get(number.checked_rem(self.events.len())?)?;
        let day = number.checked_div(self.events.len()).filter(|day| *day < self.days())?;
        let seconds = i64::try_from(day).ok()?.saturating_mul(DAY_SECONDS);
        Some(Partition { day: self.from.plus_seconds(seconds).day(), event: event.clone() })
    }

    fn days(&self) -> usize {
        let day = |at: Timestamp| at.seconds().div_euclid(DAY_SECONDS);
        let days = day(self.to).saturating_sub(day(self.from)).saturating_add(1);
        usize::try_from(days).unwrap_or(0)
    }

    /// Its row, before anything is sent.
    ///
    /// # Errors
    /// Never, since it is plain data.
    pub(crate) fn row(&self) -> Result<Item, StoreError> {
        Item::new().text("pk", PK).text("sk", &self.replay_id).number("v", 1).json("replay", self)
    }

    pub(crate) fn key(replay_id: &str) -> Key {
        Key::new(PK, replay_id)
    }
}

impl Stored {
    pub(crate) fn read(row: &Item) -> Result<Self, StoreError> {
        let version = row.get_number("v").ok_or_else(|| StoreError::corrupt("a replay has no version"))?;
        Ok(Self { replay: Replay::read(row)?, version })
    }

    /// What writes it, if nobody has since it was read.
    ///
    /// # Errors
    /// Never, since it is plain data.
    pub(crate) fn update(&self, table: &str) -> Result<Update, StoreError> {
        let update = Update::of(table, Replay::key(&self.replay.replay_id))
            .if_number("v", self.version)
            .number("v", self.version.saturating_add(1))
            .json("replay", &self.replay)?;
        Ok(match self.replay.finished_at {
            Some(at) => update.number("expires", at.plus_seconds(KEPT_SECONDS).seconds()),
            None => update,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn replay(from: &str, to: &str, events: &[&str]) -> Replay {
        let span = (from.parse().unwrap(), to.parse().unwrap());
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        let by = (Timestamp::from_millis(0), "user_1".to_owned());
        Replay::begun("replay_1".to_owned(), "user-credit-queue".to_owned(), span, events, by)
    }

    #[test]
    fn every_type_s_day_comes_once_day_after_day() {
        let replay = replay("2025-12-31T23:59:59.999Z", "2026-01-02T00:00:00.000Z", &["a", "b"]);
        let all: Vec<_> = (0..replay.partitions()).map(|number| replay.partition(number).unwrap()).collect();
        let shown: Vec<_> = all.iter().map(|one| format!("{} {}", one.day, one.event)).collect();
        assert_eq!(
            shown,
            ["2025-12-31 a", "2025-12-31 b", "2026-01-01 a", "2026-01-01 b", "2026-01-02 a", "2026-01-02 b"]
        );
        assert_eq!(replay.partition(replay.partitions()), None);
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let replay = replay("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z", &["a"]);
        let stored = Stored::read(&replay.row().unwrap()).unwrap();
        assert_eq!((stored.replay, stored.version), (replay, 1));
    }
}
