//! The rules of betting, pure: what is accepted, what a leg is worth, what a bet pays.

mod accept;
mod bet_stop;
mod exposure;
mod leg;
mod payout;
mod result;

pub(crate) use accept::{AcceptOdds, Board, MarketRow, MarketStatus, Outcome, Refusal, Selection, accept};
pub(crate) use bet_stop::{EventRow, GroupStop, MarketGroups, stopped};
pub(crate) use exposure::{Book, IndexedLeg, MarketExposure};
pub(crate) use leg::{CancelWindow, LegFate, MarketFacts, OutcomeFact};
pub(crate) use payout::{Verdict, evaluate};
pub(crate) use result::{Outcomes, ResultRow, Said};
