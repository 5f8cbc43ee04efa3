//! What events do to clans.

pub mod clan_credit_queue;
