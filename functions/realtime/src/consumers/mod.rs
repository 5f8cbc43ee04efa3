//! The consumer that tells connections of events.

pub mod fan_out;
