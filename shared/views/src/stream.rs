//! An entity's whole stream, as the journal has it now.

use quoin_events::Envelope;
use quoin_store::{JournalItem, Store};

use crate::ViewError;

/// Items of a page.
const PAGE: i32 = 100;

/// Whose stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entity {
    /// `customer` or `subscription`.
    pub kind: String,
    /// Its id.
    pub id: String,
}

impl Entity {
    /// The entity of the stream `pk`.
    #[must_use]
    pub fn of_stream(pk: &str) -> Option<Self> {
        let (kind, id) = pk.split_once('#')?;
        Some(Self { kind: kind.to_owned(), id: id.to_owned() })
    }

    pub(crate) fn pk(&self) -> String {
        format!("{}#{}", self.kind, self.id)
    }

    pub(crate) fn unreadable(&self, reason: &dyn std::fmt::Display) -> ViewError {
        ViewError::Unreadable { entity: self.pk(), reason: reason.to_string() }
    }
}

/// What a stream holds.
#[derive(Debug)]
pub(crate) struct Told {
    /// The version of its latest item; 0 if there is no such stream.
    pub(crate) version: u64,
    /// Its events, oldest first.
    pub(crate) events: Vec<Envelope>,
}

/// Reads a stream from its first item on, consistently: what is read of it is at least what anybody was told before.
pub(crate) async fn read(store: &Store, entity: &Entity) -> Result<Told, ViewError> {
    let (pk, mut told) = (entity.pk(), Told { version: 0, events: Vec::new() });
    loop {
        let page = store.stream_page(&pk, told.version, PAGE).await?;
        let Some(last) = page.last() else { return Ok(told) };
        told.version = last.version();
        for text in page.iter().flat_map(JournalItem::events) {
            told.events.push(serde_json::from_str(&text).map_err(|error| entity.unreadable(&error))?);
        }
    }
}
