//! Profiles, as things that are boosted. No list is ordered by visibility, so only ends are carried out.

use quoin_boosting::Boosted;
use quoin_events::Timestamp;
use quoin_events::types::TargetType;
use quoin_runtime::Env;
use quoin_store::{Commit, StoreError};

/// A person's profile.
#[derive(Debug)]
pub(crate) enum Profile {}

impl Boosted for Profile {
    const TARGET: TargetType = TargetType::User;
    const BOOSTS: &'static str = "user-boost-events";
    const CREDITS: &'static str = "user-credit-events";
    const SCHEDULES: &'static str = "USER_BOOST";
    const IS_RANKED: bool = false;
    type Place = ();

    async fn place(_: &Env, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    fn placed(_: &Env, (): &(), _: &str, _: u64, _: Timestamp) -> Result<Commit, StoreError> {
        Ok(Commit::new())
    }
}
