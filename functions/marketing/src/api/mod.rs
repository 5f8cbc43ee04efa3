//! Routes of marketing: what a user has been given.

pub mod get_loyalty;
pub mod list_bonuses;
pub mod list_referrals;
