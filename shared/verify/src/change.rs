//! An item of a wallet's stream, read: one change of one wallet.

use std::collections::BTreeMap;

use quoin_events::EntityRef;
use quoin_ledger::{Balance, Posting};
use quoin_money::Asset;
use quoin_store::JournalItem;
use serde::de::DeserializeOwned;

use crate::{Break, Entry, Kind};

/// A change of a wallet, with the texts that its hash covers.
#[derive(Debug, Clone)]
pub struct Change {
    /// What every item has.
    pub entry: Entry,
    /// What moved, in order.
    pub postings: Vec<Posting>,
    /// Balances afterwards.
    pub after: BTreeMap<Asset, Balance>,
    /// What it belongs to.
    pub cause: EntityRef,
    /// The moment as stored.
    pub at: String,
    /// The postings as stored.
    pub lines_text: String,
    /// The balances as stored.
    pub after_text: String,
    /// The cause as stored.
    pub cause_text: String,
    /// Hash of its wallet events, as stored.
    pub events_hash: String,
    /// Hash of the change before, as stored.
    pub previous_hash: String,
    /// Its own hash, as stored.
    pub hash: String,
}

impl Change {
    /// Reads an item of a wallet's stream.
    ///
    /// # Errors
    /// The break, if it does not have the shape of one.
    pub fn read(item: &JournalItem) -> Result<Self, Break> {
        let entry = Entry::read(item)?;
        let text = |name: &str| {
            let missing = || Break::new(Kind::Unreadable, entry.place(), format!("no attribute {name}"), "a text");
            item.text(name).map(str::to_owned).ok_or_else(missing)
        };
        let (lines_text, after_text, cause_text) = (text("lines")?, text("after")?, text("cause")?);
        Ok(Self {
            postings: json(&entry, Kind::Posting, &lines_text, "postings whose amounts are not negative")?,
            after: json(&entry, Kind::Posting, &after_text, "balances that are not negative")?,
            cause: json(&entry, Kind::Unreadable, &cause_text, "an entity")?,
            at: text("at")?,
            events_hash: text("evh")?,
            previous_hash: text("ph")?,
            hash: text("h")?,
            lines_text,
            after_text,
            cause_text,
            entry,
        })
    }
}

fn json<T: DeserializeOwned>(entry: &Entry, kind: Kind, text: &str, expected: &str) -> Result<T, Break> {
    serde_json::from_str(text).map_err(|error| Break::new(kind, entry.place(), error, expected))
}
