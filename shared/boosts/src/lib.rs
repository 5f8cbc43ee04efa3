//! Boosts as pure rules: what one is, what it counts at a moment, when that changes, and how many there may be.
//!
//! Invariants: a boost counts all of its credits in the first quarter of its time, three, two and one quarters of them
//! in the next ones, and nothing from its end on; what it counts never grows, and changes at four moments that are
//! known from the beginning; a score is the sum of what runs, whatever the order in which it was heard of. This crate
//! knows no I/O, no clock and no AWS.

mod boost;
mod running;
mod slots;

pub use boost::{Boost, BoostError, MAX_CREDITS, MAX_HOURS, QUARTERS};
pub use running::{Counted, Running, Standing};
pub use slots::{MAX_RUNNING, Slots};
