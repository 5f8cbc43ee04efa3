//! The marketing service: what people are given for registering, depositing, betting, ordering and bringing others.
//!
//! Invariants: whatever is given is the first item of a stream whose key follows from what it is given
//! for, in one transaction with the rows that people see, so nothing is given twice; points taken back
//! are exactly those that were given, in whichever order the events arrive. The service moves no money:
//! the wallet credits what its events say.

pub mod api;
mod bet_points;
mod bonus;
mod cashback;
pub mod cashback_payer;
pub mod consumers;
mod referral;
mod rules;
mod table;
mod write;
