//! Boosts of profiles, and what people bought, spent and earned. Events may come in any order and more than once: the
//! row of each is put once, and a score is the sum of what runs.

use quoin_events::BusEvent;
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::profile::Profile;

/// Takes an event in.
///
/// # Errors
/// Poison for what cannot be read or is no boost; else those of the store and of the scheduler.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    quoin_boosting::consume::<Profile>(env, delivery).await
}
