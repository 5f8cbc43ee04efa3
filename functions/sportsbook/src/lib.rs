//! The sportsbook: odds from the feed, bets, and their settlement.
//!
//! Invariants: a bet, its debit and its events are one transaction; a bet is accepted only on odds and a
//! status that were read consistently; a market's result is written before its bets are looked up, and a
//! bet is indexed before the result is looked up, so one of the two always sees the other; a settlement
//! moves only the difference to what was paid before, so repeated and corrected results commute.

pub mod api;
mod bet;
pub mod consumers;
mod feed;
mod market_rows;
mod rules;
mod settlement;
mod table;
