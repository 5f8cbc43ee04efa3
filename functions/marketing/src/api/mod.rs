//! Routes of marketing: what a user has been given.

pub mod get_loyalty;
pub mod list_bonuses;
pub mod list_referrals;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("get-loyalty", get_loyalty::contract),
    ("list-bonuses", list_bonuses::contract),
    ("list-referrals", list_referrals::contract),
];
