//! The general ledger: double entry from wallet events, orders and subscriptions' payments, per asset.
//!
//! Invariants: an entry is made of legs, each with a debit and a credit of the same amount, so that the trial balance
//! of any entries sums to zero; each posting and each event is entered once, and its row is kept for good; what an
//! event may not post is entered against the suspense account and told, and what a posting is for is never guessed;
//! nothing is added to a month that was closed. The ledger follows the wallets and moves nothing.

pub mod api;
mod book;
mod chart;
pub mod consumers;
mod entry;
mod origins;
mod period;
mod posting;
mod table;
