//! One consumer per view. An event only says which stream to look at, so several of one entity in a batch are one look.

pub mod analytics_view;
pub mod customer_view;
pub mod subscription_view;

use std::collections::BTreeMap;

use quoin_events::{BusEvent, Envelope};
use quoin_runtime::{Batch, Env, Failure, Outcome, in_its_share};
use quoin_views::{Entity, Generations, Projected, View, ViewError, follow};

/// Brings `view` to where the streams of a batch's entities are.
async fn followed(env: &Env, batch: &Batch<BusEvent>, view: View) -> Vec<Result<Outcome, Failure>> {
    let table = match env.config.table(view.table()) {
        Ok(table) => table,
        Err(error) => return vec![Err(error.into()); batch.len()],
    };
    // Once for all: a rebuild waits until every invocation is over that began before it did.
    let generations = match Generations::read(&env.store, table).await {
        Ok(generations) => generations,
        Err(error) => return vec![Err(error.into()); batch.len()],
    };
    let (mut done, mut outcomes) = (BTreeMap::<Entity, Result<Outcome, Failure>>::new(), Vec::new());
    for (delivery, waiting) in batch.iter().zip((1..=batch.len()).rev()) {
        let entity = match entity(delivery.event(), view) {
            Ok(Some(entity)) => entity,
            Ok(None) => {
                outcomes.push(Ok(Outcome::Ignored("no row is made of its stream")));
                continue;
            }
            Err(failure) => {
                outcomes.push(Err(failure));
                continue;
            }
        };
        // Its stream was read after this event was committed, too.
        if let Some(before) = done.get(&entity) {
            outcomes.push(before.clone().map(|_| Outcome::Duplicate));
            continue;
        }
        let following = async { told(follow(&env.store, &env.clock, table, generations, view, &entity).await) };
        let outcome = in_its_share(env, delivery, waiting, following).await;
        outcomes.push(outcome.clone());
        done.insert(entity, outcome);
    }
    outcomes
}

/// Whose rows an event changes, if any of `view`.
fn entity(event: &Envelope, view: View) -> Result<Option<Entity>, Failure> {
    let Some(entity) = &event.metadata.entity else {
        return Err(Failure::poison("the event does not say whose it is"));
    };
    let entity = Entity { kind: entity.kind.clone(), id: entity.id.clone() };
    Ok(Some(entity).filter(|entity| view.is_made_of(&entity.kind)))
}

fn told(projected: Result<Projected, ViewError>) -> Result<Outcome, Failure> {
    match projected {
        Ok(Projected::Written) => Ok(Outcome::Applied),
        Ok(Projected::Unchanged) => Ok(Outcome::Duplicate),
        Err(error @ ViewError::Unreadable { .. }) => Err(Failure::poison(error)),
        Err(error @ (ViewError::Store(_) | ViewError::Contended | ViewError::Building | ViewError::Superseded)) => {
            Err(Failure::transient(error))
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_rebuild_waits_for_longer_than_any_function_here_runs() {
        let declared = include_str!("../../service.yaml");
        let timeouts: Vec<u32> = declared
            .lines()
            .filter_map(|line| line.trim().strip_prefix("timeout:")?.split('#').next()?.trim().parse().ok())
            .collect();
        let (consumers, routes) = (declared.matches("consumes:").count(), 15);
        assert_eq!(timeouts.len(), consumers, "every consumer says how long it runs");
        assert!(timeouts.into_iter().chain([routes]).all(|seconds| seconds < quoin_views::SETTLE_SECONDS));
    }
}
