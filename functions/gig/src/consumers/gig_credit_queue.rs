//! `gig_credit_queue`: boosts of gigs move them in their list; payments and what else is spent on gigs are kept.

use quoin_events::BusEvent;
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::known::Known;

/// Takes an event in.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    quoin_boosting::consume::<Known>(env, delivery).await
}
