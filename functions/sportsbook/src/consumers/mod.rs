//! What the sportsbook does on its own and others' events, and on its work queues.

pub mod bet_indexer;
mod bet_line;
pub mod settle_bets;
pub mod settle_market;
pub mod sportsbook_events;
