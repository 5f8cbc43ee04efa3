//! The ledger recomputed from its journal: what does not add up is named, with what is there and what should be.
//!
//! Invariants: the checks are pure functions over items as they are stored; the walk beside them only reads. A check
//! goes by what is stored alone, never by how it came about, and believes no item because another one repeats it. What
//! other writers may be in the middle of is looked at again before it is called a break. Memory does not grow with
//! the journal: streams are read in pages, and of a wallet only its sums and its undecided bets are kept.
//!
//! This crate knows no AWS and writes nothing. Of services it knows what they say in events, how the states of what may
//! stand still say so, and two rows: open payments and the audit trail's.

mod audit;
pub mod audit_log;
mod bet;
mod breaks;
pub mod canonical;
mod cause;
mod change;
mod credit;
mod deposit;
mod entry;
mod event;
mod fold;
mod journal;
mod member;
mod order;
mod order_stream;
mod reader;
mod saga;
mod story;
mod thread;
mod timeline;
mod totals;
mod transfer;
mod wallet;

pub use audit::Unaudited;
pub use bet::{BetLines, BetStanding, BetStory};
pub use breaks::{Break, Kind};
pub use cause::stream_of;
pub use change::Change;
pub use credit::explain_credits;
pub use deposit::explain_deposit;
pub use entry::Entry;
pub use fold::Fold;
pub use journal::{JournalReport, JournalWalk};
pub use member::{LATE_CHARGE_MS, Paid, check_member, is_member, one_sided, other_side, paid};
pub use order::explain_order;
pub use order_stream::check_order;
pub use reader::{Reader, Settings};
pub use saga::{LATE_ASK_MS, forgotten, open_payments, overdue};
pub use thread::Thread;
pub use timeline::{Absence, Duplicate, Gap, ORDER_STEPS, OrderTimeline, Received, Step, Twice};
pub use totals::Totals;
pub use transfer::explain_transfer;
pub use wallet::{Checkpoint, WalletReport, check_wallet, compare};

#[cfg(test)]
mod tests;

/// Seconds that events, payouts and the sweepers may be on their way: a message's last retry comes after an hour.
pub const GRACE_SECONDS: u32 = 4_500;
