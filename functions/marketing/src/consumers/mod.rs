//! What other services' events lead to.

pub mod bets;
pub mod deposits;
pub mod orders;
pub mod users;
