//! Counts what happens to gigs, clans and profiles a day: views, orders, and the days that boosts touch. An event is
//! counted in the transaction that marks it as counted, so none is counted twice; sums have no order, so neither have
//! events. One whose mark may have expired is left out.

use quoin_events::{BusEvent, Timestamp};
use quoin_ledger::Wallet;
use quoin_runtime::{Delivery, Env, Failure, Outcome, advance};
use quoin_store::{Snapshot, StoreError};

use crate::effects::{self, Fact, TABLE};

/// Whether an event is counted.
struct Counted(bool);

impl Snapshot for Counted {
    // No wallet takes part.
    fn rebase(&mut self, _wallet: Wallet) {}

    fn is_outdated_by(&self, _item: usize) -> bool {
        true
    }
}

/// Counts an event.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let event = delivery.event();
    let facts = effects::facts(event).map_err(Failure::poison)?;
    let Some(Fact { day, .. }) = facts.first() else { return Ok(Outcome::Ignored("it says nothing of a day")) };
    if effects::is_forgotten(&event.event, *day, env.clock.now()) {
        return Ok(Outcome::Ignored("its mark would have expired"));
    }
    let event_id = event.event_id();
    if event_id.is_empty() {
        return Err(Failure::poison(format!("{} has no event_id", event.event)));
    }
    let table = env.config.table(TABLE)?;
    let load = async || Ok(Counted(env.store.get(table, &effects::seen(event_id), true).await?.is_some()));
    let decide = |counted: &Counted, _: Timestamp| {
        Ok::<_, StoreError>((!counted.0).then(|| effects::commit(table, &event.event, event_id, &facts)))
    };
    let is_new = advance(env, &delivery.context, None, load, decide).await.map_err(Failure::transient)?;
    Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
}
