//! What other services' events lead to.

pub mod notify;
