//! What events do to clans.

pub mod clan_credit_queue;
pub mod clan_erasure;
