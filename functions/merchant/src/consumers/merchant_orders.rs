//! Shows merchants their orders, newest first: the order's row, its place in the list and the sums of its day are one
//! transaction, conditional on what was known before. Rows expire; an event that is too old to tell whether it is in the
//! sums is not counted again: it waits in the dead letters for people.

use std::time::Duration;

use quoin_events::BusEvent;
use quoin_money::Delta;
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Commit, Lost, StoreError, Update};

use crate::order::{Known, is_too_old, said};
use crate::table;

/// How often an event is taken up again that others got in the way of.
const TRIES: u64 = 8;

/// Shows what an event says of an order.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let Some(said) = said(delivery.event())? else {
        return Ok(Outcome::Ignored("it is no merchant's matter"));
    };
    let table = table::name(env)?;
    let key = table::order(&said.order.order_id);
    for attempt in 1..=TRIES {
        let row = env.store.get(table, &key, true).await?;
        let version = row.as_ref().and_then(|row| row.get_number("v")).unwrap_or(0);
        let before: Option<Known> = row.map(|row| row.require_json("known")).transpose()?;
        let (event, at) = (&delivery.event().event, said.order.updated_at);
        if before.is_none() && is_too_old(event, at, delivery.context.now) {
            let reason = format!("too old to tell whether it was counted: {event} of {}", at.day());
            return Err(Failure::poison(reason));
        }
        let after = match before.clone() {
            Some(before) => before.and(said.clone()),
            None => said.clone(),
        };
        if before.as_ref() == Some(&after) {
            return Ok(Outcome::Duplicate);
        }
        let commit = commit(env, table, version, before.as_ref(), &after)?;
        match env.store.commit(commit, &delivery.context.origin).await {
            Ok(()) => return Ok(Outcome::Applied),
            Err(StoreError::Lost(lost)) if matches!(*lost, Lost::Append { .. } | Lost::Wallet(_)) => {
                return Err(Failure::poison("a dashboard has neither journal nor wallets"));
            }
            Err(StoreError::Lost(_) | StoreError::Conflict) => {
                let pause = env.clock.random_below(attempt.saturating_mul(40));
                env.clock.sleep(Duration::from_millis(pause)).await;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(Failure::transient("others kept getting in the way"))
}

fn commit(env: &Env, table: &str, version: i64, before: Option<&Known>, after: &Known) -> Result<Commit, StoreError> {
    let next = version.saturating_add(1);
    let row = Update::of(table, table::order(&after.order.order_id)).json("known", after)?.number("v", next);
    let mut commit = Commit::new().update(row.number("expires", after.expires()).if_newer("v", next));
    let place = |known: &Known| table::listed(&known.merchant_id, known.order.placed_at, &known.order.order_id);
    if let Some(moved) = before.map(place).filter(|old| *old != place(after)) {
        commit = commit.delete(table, moved);
    }
    let listed = table::item(place(after)).json("order", &after.order)?;
    commit = commit.put(table, listed.number("expires", after.expires()));
    Ok(sums(before, after).into_iter().fold(commit, |commit, (day, orders, amount)| {
        let key = table::shard(env, table::totals_pk(&after.merchant_id, &day));
        commit.update(Update::of(table, key).add("orders", orders).add("amount", amount))
    }))
}

/// What `after` adds to the sums of which day, beyond what `before` had added.
fn sums(before: Option<&Known>, after: &Known) -> Vec<(String, i64, Delta)> {
    let (old, new) = (before.and_then(Known::counts), after.counts());
    if old == new {
        return Vec::new();
    }
    let taken = old.map(|(day, amount)| (day, -1, Delta::minus(amount)));
    let added = new.map(|(day, amount)| (day, 1, Delta::plus(amount)));
    match (taken, added) {
        // One row may be named once in a transaction; the amount of an order does not change.
        (Some((old, _, taken)), Some((new, _, added))) if old == new => {
            taken.and(added).map(|delta| vec![(new, 0, delta)]).unwrap_or_default()
        }
        (taken, added) => taken.into_iter().chain(added).collect(),
    }
}
