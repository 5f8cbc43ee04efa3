//! Routes of the sportsbook.

pub mod betradar_feed;
pub mod cancel_bet;
pub mod get_bet;
pub mod get_exposure;
pub mod get_fixture;
pub mod list_bets;
pub mod list_fixtures;
pub mod place_bet;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("betradar-feed", betradar_feed::contract),
    ("cancel-bet", cancel_bet::contract),
    ("get-bet", get_bet::contract),
    ("get-exposure", get_exposure::contract),
    ("get-fixture", get_fixture::contract),
    ("list-bets", list_bets::contract),
    ("list-fixtures", list_fixtures::contract),
    ("place-bet", place_bet::contract),
];
