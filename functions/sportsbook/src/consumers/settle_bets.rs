//! A chunk of a market's bets: each is settled on the facts that came with it, one read and one put.

use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::settlement::{BetsTask, settle_bet};

/// Settles a chunk of bets.
///
/// # Errors
/// Transient or poison; what was settled stays settled and is recognised when the chunk comes again.
pub async fn handle(env: &Env, delivery: &Delivery<BetsTask>) -> Result<Outcome, Failure> {
    let task = &delivery.message;
    let (mut outcome, mut failure) = (Outcome::Duplicate, None);
    for bet_id in &task.bets {
        match settle_bet(env, &delivery.context, bet_id, Some((&task.market, &task.facts))).await {
            Ok(Outcome::Applied) => outcome = Outcome::Applied,
            Ok(Outcome::Duplicate | Outcome::Parked | Outcome::Ignored(_)) => {}
            // One bet that cannot be settled keeps none of the others from it; what may pass is tried again first.
            Err(error @ Failure::Transient(_)) => failure = Some(error),
            Err(error @ Failure::Poison(_)) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(outcome), Err)
}
