//! Credits that follow from other services' events.

pub mod deposits;
