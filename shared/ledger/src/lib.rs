//! The wallet as a pure function: `decide(wallet, change, now)` gives the next wallet and its
//! postings, or the reason why nothing moves.
//!
//! Invariants, held by properties in `tests/`: no balance is ever negative; the available balance is
//! the sum of its postings at every version; every posting names the account on the other side, so
//! postings sum to zero per asset; an owed amount is repaid before anything else; a refund restores
//! the lots that were taken; what a limit has used is what was counted in its window and not given
//! back; a refusal changes nothing. This crate knows nothing of tokio, AWS or the clock.

mod balance;
mod between;
mod chain;
mod change;
mod decide;
mod limits;
mod posting;
mod rejection;
mod restrict;
mod view;
mod wallet;

pub use balance::{Balance, Lot, MAX_LOTS};
pub use between::{Passing, decide_between};
pub use chain::{Link, chain_hash};
pub use change::{Account, Change, Movement, Purpose};
pub use decide::{Decision, decide};
pub use limits::{Limit, Limits, PendingIncrease, Window};
pub use posting::Posting;
pub use rejection::Rejection;
pub use restrict::restrict;
pub use view::{BalanceView, Standing};
pub use wallet::{Hold, Status, Wallet};
