//! What events lead to.

pub mod activity;
pub mod support_orders;
