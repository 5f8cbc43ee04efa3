//! The reporting service: what happened, in order and provably, and how much of it a day.
//!
//! Invariants: every event on the bus is audited, whatever it is; an audit row never expires, the copy
//! of the event expires by its retention; each event counts once however often it is delivered; amounts
//! are added by the table as exact decimals. Everything here can be rebuilt from the journal.

pub mod api;
mod canonical;
pub mod consumers;
mod count;
mod counters;
mod period;
mod recorded;
mod report;
mod trail;

pub use recorded::Recorded;
