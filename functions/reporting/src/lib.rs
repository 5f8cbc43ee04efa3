//! The reporting service: what happened, in order and provably, how much of it a day, and what boosts
//! brought.
//!
//! Invariants: every event on the bus is audited, whatever it is; an audit row never expires, the copy
//! of the event expires by its retention; each event counts once however often it is delivered; amounts
//! are added by the table as exact decimals. Everything here can be rebuilt from the journal.

pub mod api;
pub mod boost_analytics;
pub mod consumers;
mod count;
mod counters;
mod effects;
pub mod export;
mod funnel;
mod measure;
pub mod monitor;
mod recorded;
pub mod replay;
mod report;
mod trail;
mod training;
pub mod training_export;
mod warehouse;

pub use recorded::Recorded;
