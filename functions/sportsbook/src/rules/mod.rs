//! The rules of betting, pure: what is accepted, what a leg is worth, what a bet pays.

mod accept;
mod leg;
mod payout;

pub(crate) use accept::{AcceptOdds, Board, EventRow, MarketRow, MarketStatus, Outcome, Refusal, Selection, accept};
pub(crate) use leg::{CancelWindow, MarketFacts, OutcomeFact};
pub(crate) use payout::{Verdict, evaluate};
