//! Fraud detection: scores from what people do, and the mark that has their orders looked at by people first.
//!
//! Invariants: a score follows from the events and the rules alone, whatever the order in which the events arrive; each
//! event counts once, at its own time; a mark stands until an operator clears it, and what was counted before that
//! counts no more. The service moves no money and stops no order that is paid.

pub mod api;
pub mod consumers;
mod rules;
mod score;
mod signal;
mod standing;
mod table;
