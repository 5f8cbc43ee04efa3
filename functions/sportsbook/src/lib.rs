//! The sportsbook service.
