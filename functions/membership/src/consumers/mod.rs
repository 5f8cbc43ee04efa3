//! What follows from events, a file per consumer.

pub mod compliance_check;
pub mod subscription_scheduler;
