//! Consumers of the user service.

pub mod overview_projector;
pub mod user_credit_queue;
