//! An item of any stream, read.

use quoin_events::{Envelope, Timestamp};
use quoin_store::JournalItem;

use crate::{Break, Kind};

/// What every item of a stream has.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The stream, `<type>#<id>`.
    pub pk: String,
    /// Its place in the stream, from 1.
    pub version: u64,
    /// Sequence of its first event.
    pub first_sequence: u64,
    /// Sequence that the stream's next event gets.
    pub next_sequence: u64,
    /// Moment of the commit.
    pub at: Timestamp,
    /// Texts of its events, in order.
    pub texts: Vec<String>,
    /// The same events, read.
    pub events: Vec<Envelope>,
    /// The aggregate's state afterwards, as JSON.
    pub state: Option<String>,
}

impl Entry {
    /// Reads an item.
    ///
    /// # Errors
    /// The break, if it does not have the shape of an item.
    pub fn read(item: &JournalItem) -> Result<Self, Break> {
        let place = format!("{} {}", item.pk(), item.version());
        let unreadable = |what: &str, expected: &str| Break::new(Kind::Unreadable, place.clone(), what, expected);
        if let Some(damage) = item.damage() {
            return Err(unreadable(&damage.to_string(), "packed texts"));
        }
        let at = item.text("at").unwrap_or_default();
        let texts = item.events();
        let events = texts
            .iter()
            .map(|text| serde_json::from_str(text))
            .collect::<Result<Vec<Envelope>, _>>()
            .map_err(|_| unreadable("an event that cannot be read", "the envelope of an event"))?;
        Ok(Self {
            pk: item.pk().to_owned(),
            version: item.version(),
            first_sequence: item.first_sequence(),
            next_sequence: item.next_sequence(),
            at: at.parse().map_err(|_| unreadable(&format!("at {at:?}"), "a moment"))?,
            texts,
            events,
            state: item.state().map(str::to_owned),
        })
    }

    /// Where it stands, for people.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{} {}", self.pk, self.version)
    }
}
