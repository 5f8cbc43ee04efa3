//! Entities whose events have waited for long: what is missing is taken from the journal, so a message in the dead
//! letters, or one that was never delivered, holds nothing up for ever.

use quoin_events::Timestamp;
use quoin_store::Query;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::course::Course;
use super::rows::{Mark, Rows, marks_pk, shards};
use super::{InOrder, Walk};
use crate::{Env, Failure, Invocation, Metrics};

/// Marks of a page.
const PAGE: u32 = 100;
/// What is kept back of the function's time for the entity under way.
const RESERVE_MS: i64 = 10_000;
/// What has waited for less is likely to be on its way.
const WAIT_SECONDS: i64 = 60;
/// An entity that fails for longer than this needs people; before, the next sweep may do.
const BLOCKED_SECONDS: i64 = 600;

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Entities that had waited for long.
    pub waiting: u64,
    /// Events that were applied for them.
    pub filled: u64,
    /// Entities that failed, and had waited for ten minutes: an event cannot be applied, or is not in the journal.
    pub blocked: u64,
}

/// Goes on with every entity of the consumer `C` that has waited for longer than `IN_ORDER_WAIT_SECONDS` (60), for
/// [`crate::run_direct`] on a schedule. Counts `WaitingEntities`, `FilledEvents` and `BlockedEntities`.
///
/// # Errors
/// If the marks cannot be read; an entity that fails is gone on with by the next sweep.
pub async fn sweep_in_order<C: InOrder>(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    let wait: i64 = env.config.parse_or("IN_ORDER_WAIT_SECONDS", WAIT_SECONDS)?;
    let due = env.clock.now().plus_seconds(wait.saturating_neg());
    let stop = invocation.deadline.plus_millis(RESERVE_MS.saturating_neg());
    let mut swept = Swept::default();
    for shard in shards(env.clock.random_below(u64::from(super::rows::SHARDS))) {
        sweep_shard::<C>(env, shard, due, stop, &mut swept).await?;
    }
    metrics.metric("WaitingEntities", swept.waiting, "Count");
    metrics.metric("FilledEvents", swept.filled, "Count");
    metrics.metric("BlockedEntities", swept.blocked, "Count");
    Ok(swept)
}

async fn sweep_shard<C: InOrder>(
    env: &Env,
    shard: u8,
    due: Timestamp,
    stop: Timestamp,
    swept: &mut Swept,
) -> Result<(), Failure> {
    let table = env.config.table(C::TABLE)?;
    let mut after = None;
    loop {
        let query = Query::of(marks_pk(C::NAME, shard)).limit(PAGE).consistent().after(after.take());
        let page = env.store.query(table, query).await?;
        for mark in page.items.iter().filter_map(Mark::read).filter(|mark| mark.at <= due) {
            if env.clock.now() >= stop {
                return Ok(());
            }
            let filled = fill::<C>(env, table, &mark, stop).await;
            swept.count(filled, &mark, env.clock.now());
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// How many events were applied for an entity, and whether it goes on waiting.
async fn fill<C: InOrder>(env: &Env, table: &str, mark: &Mark, stop: Timestamp) -> (u64, Result<(), Failure>) {
    let mut walk = Walk::<C>::new(env, Rows::new(table, C::NAME, C::KEEP_DAYS, &mark.entity), Course::of_sweep(), None);
    let outcome = walk.go(u32::MAX, stop).await;
    let goes_on = env.clock.now() >= stop;
    let outcome = outcome.and_then(|_| match walk.lowest {
        Some(lowest) if !goes_on => {
            Err(Failure::Transient(format!("event {lowest} waits for one that is not in the journal")))
        }
        Some(_) | None => Ok(()),
    });
    (walk.applied, outcome)
}

impl Swept {
    fn count(&mut self, (applied, outcome): (u64, Result<(), Failure>), mark: &Mark, now: Timestamp) {
        self.waiting = self.waiting.saturating_add(1);
        self.filled = self.filled.saturating_add(applied);
        if let Err(reason) = outcome {
            let is_old = mark.at <= now.plus_seconds(BLOCKED_SECONDS.saturating_neg());
            self.blocked = self.blocked.saturating_add(u64::from(is_old));
            let (kind, id) = (mark.entity.kind.as_str(), mark.entity.id.as_str());
            tracing::warn!(entity_type = kind, entity_id = id, %reason, "events wait for one that is not applied");
        }
    }
}

#[cfg(test)]
mod tests {
    use quoin_events::EntityRef;

    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn an_entity_that_fails_alarms_only_once_it_has_waited_for_long() {
        let mark = Mark {
            entity: EntityRef { kind: "order".to_owned(), id: "o".to_owned() },
            at: Timestamp::from_millis(HOUR),
        };
        let mut swept = Swept::default();
        swept.count((2, Ok(())), &mark, Timestamp::from_millis(HOUR + 900_000));
        swept.count((0, Err(Failure::transient("throttled"))), &mark, Timestamp::from_millis(HOUR + 90_000));
        assert_eq!(swept, Swept { waiting: 2, filled: 2, blocked: 0 });
        swept.count((1, Err(Failure::poison("unreadable"))), &mark, Timestamp::from_millis(HOUR + 600_000));
        assert_eq!(swept, Swept { waiting: 3, filled: 3, blocked: 1 });
    }
}
