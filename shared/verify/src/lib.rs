//! The ledger recomputed from its journal: what does not add up is named, with what is there and what should be.
//!
//! Invariants: the checks are pure functions over items as they are stored; the walk beside them only reads. A check
//! goes by what is stored alone, never by how it came about, and believes no item because another one repeats it. What
//! other writers may be in the middle of is looked at again before it is called a break. Memory does not grow with
//! the journal: streams are read in pages, and of a wallet only its sums and its undecided bets are kept.
//!
//! This crate knows no AWS and writes nothing. Of services it knows what they say in events, and two rows: open
//! payments and the audit trail's.

mod audit;
mod bet;
mod breaks;
mod cause;
mod change;
mod deposit;
mod entry;
mod event;
mod fold;
mod journal;
mod reader;
mod saga;
mod story;
mod thread;
mod totals;
mod transfer;
mod wallet;

pub use audit::Unaudited;
pub use bet::{BetLines, BetStanding, BetStory};
pub use breaks::{Break, Kind};
pub use cause::stream_of;
pub use change::Change;
pub use deposit::explain_deposit;
pub use entry::Entry;
pub use fold::Fold;
pub use journal::{JournalReport, JournalWalk};
pub use reader::{Reader, Settings};
pub use saga::{forgotten, open_payments, overdue};
pub use thread::Thread;
pub use totals::Totals;
pub use transfer::explain_transfer;
pub use wallet::{Checkpoint, WalletReport, check_wallet, compare};

#[cfg(test)]
mod tests;
