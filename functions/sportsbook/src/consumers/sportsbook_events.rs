//! `BetSettled`, `BetCancelled`: the bet leaves the house's exposure and its line in the owner's list is renewed;
//! `DepositSuccess`: the customer's standing.

use quoin_events::types::{BetCancelled, BetSettled, DepositSuccess};
use quoin_events::{BusEvent, EventData};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Key, Update};

use super::projection;
use crate::table::TABLE;

/// Keeps the lists up to date.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    match delivery.event().event.as_str() {
        BetSettled::NAME => projection::refresh(env, &delivery.data::<BetSettled>()?.bet_id).await,
        BetCancelled::NAME => projection::refresh(env, &delivery.data::<BetCancelled>()?.bet_id).await,
        DepositSuccess::NAME => {
            let deposit: DepositSuccess = delivery.data()?;
            let update =
                Update::of(env.config.table(TABLE)?, Key::new(format!("standing#{}", deposit.user_id), "standing"))
                    .text("standing", "funded")
                    .text("since", delivery.event().timestamp.clone());
            env.store.update(update).await?;
            Ok(Outcome::Applied)
        }
        _ => Ok(Outcome::Ignored("not an event that changes a list")),
    }
}
