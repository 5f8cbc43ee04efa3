//! Routes of the credit service.

mod boost;
pub mod boost_clan;
pub mod boost_gig;
pub mod boost_profile;
pub mod buy_credits;
pub mod get_credits;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("boost-clan", boost_clan::contract),
    ("boost-gig", boost_gig::contract),
    ("boost-profile", boost_profile::contract),
    ("buy-credits", buy_credits::contract),
    ("get-credits", get_credits::contract),
];
