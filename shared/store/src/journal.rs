//! Streams of the journal: gapless versions, gapless sequences, never changed.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use quoin_events::Timestamp;

use crate::{Answer, Item, PackedError, Receipt, StoreError, packed};

/// The stream of one entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// Kind of entity: `bet`, `wallet`, `op` …
    pub kind: &'static str,
    /// Its id.
    pub id: String,
}

impl Stream {
    /// The stream of `kind` and `id`.
    #[must_use]
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// The partition key.
    #[must_use]
    pub fn pk(&self) -> String {
        format!("{}#{}", self.kind, self.id)
    }
}

/// One item of a stream: one commit.
#[derive(Debug, Clone)]
pub struct JournalItem(pub(crate) Item);

impl From<Item> for JournalItem {
    fn from(item: Item) -> Self {
        Self(item)
    }
}

impl JournalItem {
    /// The item that is stored as `attributes`.
    ///
    /// # Errors
    /// If its packed texts cannot be read.
    pub(crate) fn loaded(attributes: HashMap<String, AttributeValue>) -> Result<Self, StoreError> {
        Self::stored(attributes).readable()
    }

    /// The item itself, if its texts can be read.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with its key, if they cannot.
    pub(crate) fn readable(self) -> Result<Self, StoreError> {
        match self.damage() {
            Some(error) => Err(StoreError::corrupt(format!("{} {}: {error}", self.pk(), self.version()))),
            None => Ok(self),
        }
    }

    /// The item that is stored as `attributes`, whether or not its packed texts can be read.
    pub(crate) fn stored(attributes: HashMap<String, AttributeValue>) -> Self {
        Self(packed::loaded(attributes))
    }

    /// Why its packed texts cannot be read, if so: it seems to have none.
    #[must_use]
    pub fn damage(&self) -> Option<PackedError> {
        packed::damage(&self.0)
    }

    /// The partition key of its stream.
    #[must_use]
    pub fn pk(&self) -> &str {
        self.0.get_text("pk").unwrap_or_default()
    }

    /// Place in the stream, from 1.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.count("sk")
    }

    /// Sequence of its first event.
    #[must_use]
    pub fn first_sequence(&self) -> u64 {
        self.count("s0")
    }

    /// Sequence that the stream's next event gets.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.first_sequence().saturating_add(self.count("n"))
    }

    /// Moment of the commit.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.0.get_text("at").and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// The aggregate's state afterwards, as JSON; absent where another service appended.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.0.get_text("st")
    }

    /// The envelopes of its events, in order.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        self.0.get_texts("ev")
    }

    /// A text attribute: `lines`, `after`, `cause` … of a wallet stream.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get_text(name)
    }

    /// What the command that wrote this was answered.
    ///
    /// # Errors
    /// If the stored answer cannot be read.
    pub fn receipt(&self) -> Result<Option<Receipt>, StoreError> {
        let Some(body_hash) = self.0.get_text("bh") else { return Ok(None) };
        Ok(Some(Receipt { body_hash: body_hash.to_owned(), answer: self.0.get_json::<Answer>("ans")? }))
    }

    fn count(&self, name: &str) -> u64 {
        self.0.get_number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
    }
}

/// Where a stream ends and what its aggregate is.
#[derive(Debug, Clone)]
pub struct Head {
    /// Version of the newest item; 0 for a stream that does not exist.
    pub version: u64,
    /// Sequence that the next event gets.
    pub next_sequence: u64,
    /// Moment of the newest item.
    pub at: Timestamp,
    /// The newest state, as JSON.
    pub state: Option<String>,
}

impl Head {
    /// The end of a stream that does not exist.
    #[must_use]
    pub fn none() -> Self {
        Self { version: 0, next_sequence: 1, at: Timestamp::default(), state: None }
    }
}
