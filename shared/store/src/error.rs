//! What can go wrong with a write or a read, as a caller can act on it.

use quoin_ledger::Wallet;

use crate::{Item, JournalItem};

/// Why a read or a write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else was first; nothing was written.
    #[error("the write lost a race")]
    Lost(Box<Lost>),
    /// Two transactions touched one item at the same time; nothing was written.
    #[error("the write conflicted with another transaction")]
    Conflict,
    /// Throttled, timed out or not reached; the outcome may be unknown, and the same write may be tried again.
    #[error("the table is not available: {0}")]
    Unavailable(String),
    /// The request itself is wrong, or what is stored cannot be read.
    #[error("the table refused the request: {0}")]
    Refused(String),
}

/// What a conditional write lost against.
#[derive(Debug)]
pub enum Lost {
    /// A journal key of the commit is taken; `append` is its place among the commit's appends.
    Append {
        /// Place among the commit's appends.
        append: usize,
        /// What stands there.
        item: JournalItem,
    },
    /// A wallet has moved on; its current state, if it exists at all.
    Wallet(Option<Wallet>),
    /// The condition of another item did not hold; `item` is its place among the commit's other items.
    Other {
        /// Place among the commit's other items.
        item: usize,
        /// What stands there.
        current: Option<Item>,
    },
}

impl StoreError {
    /// An error in what is stored.
    #[must_use]
    pub fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Refused(what.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::corrupt(error)
    }
}
