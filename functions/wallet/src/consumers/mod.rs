//! Credits that follow from other services' events.

pub mod bonuses;
pub mod deposits;
pub mod payouts;
