//! The support service: what customer support sees of an order, and what a customer sees of what they did.
//!
//! Invariants: everything here follows from events and is written by their keys or their sequence, so a repetition
//! changes nothing. No personal data in the clear, and none at all in the activity log.

mod activity;
pub mod api;
pub mod consumers;
mod order_view;
pub mod sweeper;
mod table;
