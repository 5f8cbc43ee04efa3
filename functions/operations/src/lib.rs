//! The operations service: what operators see of the platform's running, and put right.
//!
//! Invariants: only operators are let in; nothing is shown of an event but its envelope; a dead letter goes back to the
//! queue that it comes from and nowhere else. It knows queues by their names and no service by its code.

pub mod api;
