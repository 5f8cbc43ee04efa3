//! Routes of the sportsbook.

pub mod betradar_feed;
pub mod cancel_bet;
pub mod get_bet;
pub mod get_exposure;
pub mod get_fixture;
pub mod list_bets;
pub mod list_fixtures;
pub mod place_bet;
