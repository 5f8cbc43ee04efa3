//! Gigs as boosts see them: what boosts come to is all that a gig's priority is made of.

use quoin_boosting::Boosted;
use quoin_events::Timestamp;
use quoin_events::types::TargetType;
use quoin_ranks::Row;
use quoin_runtime::Env;
use quoin_store::{Commit, StoreError};

use crate::known::Known;
use crate::table::{BOOSTS, CREDITS, GIGS};

fn table(env: &Env) -> Result<&str, StoreError> {
    env.config.table(GIGS).map_err(StoreError::corrupt)
}

impl Boosted for Known {
    const TARGET: TargetType = TargetType::Gig;
    const BOOSTS: &'static str = BOOSTS;
    const CREDITS: &'static str = CREDITS;
    const SCHEDULES: &'static str = "GIG_BOOST";
    const IS_RANKED: bool = true;
    type Place = Option<Row<Self>>;

    async fn place(env: &Env, target_id: &str) -> Result<Self::Place, StoreError> {
        Row::find(&env.store, table(env)?, target_id).await
    }

    fn placed(
        env: &Env,
        place: &Self::Place,
        _target_id: &str,
        score: u64,
        _at: Timestamp,
    ) -> Result<Commit, StoreError> {
        // What is no gig has no place.
        let Some(row) = place else { return Ok(Commit::new()) };
        row.changed(table(env)?, row.entity.clone(), score)
    }
}
