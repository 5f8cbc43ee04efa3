//! Routes of the clan service.

pub mod contribute;
pub mod create_clan;
pub mod get_clan;
pub mod get_clan_analytics;
pub mod get_clan_reputation;
pub mod join_clan;
pub mod leave_clan;
pub mod list_clans;
mod view;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("contribute-to-clan", contribute::contract),
    ("create-clan", create_clan::contract),
    ("get-clan", get_clan::contract),
    ("get-clan-analytics", get_clan_analytics::contract),
    ("get-clan-reputation", get_clan_reputation::contract),
    ("join-clan", join_clan::contract),
    ("leave-clan", leave_clan::contract),
    ("list-clans", list_clans::contract),
];
