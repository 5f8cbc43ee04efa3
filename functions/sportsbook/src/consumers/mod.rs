//! What the sportsbook does on its own and others' events, and on its work queues.

pub mod bet_indexer;
pub(crate) mod projection;
pub mod settle_bets;
pub mod settle_market;
pub mod sportsbook_events;
