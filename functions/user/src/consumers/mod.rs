//! Consumers of the user service.

pub mod user_credit_queue;
