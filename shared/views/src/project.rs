//! From a stream to its rows.
//!
//! The stream is read as a whole each time, so it does not matter which of its events somebody was told of, how often
//! and in which order.

use std::collections::BTreeMap;
use std::time::Duration;

use quoin_events::Origin;
use quoin_store::{Clock, Commit, Key, Store, StoreError, Update};

use crate::contribution::{self, Contribution};
use crate::counter::{Counter, Measured};
use crate::error::Unfit;
use crate::generation::within;
use crate::row::{ROW, VERSION, rows};
use crate::stream::{self, Entity, Told};
use crate::{Generations, View, ViewError};

/// How often work is taken up again that others got in the way of.
const TRIES: u64 = 8;
/// A transaction has at most 100 items, the entity's own row among them.
const MOST_ROWS: usize = 90;
/// Partitions over which the counters of a view are spread.
pub(crate) const SHARDS: u8 = 4;
/// The attribute that holds what an entity contributes.
pub(crate) const CONTRIBUTION: &str = "contribution";

/// What became of an entity's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projected {
    /// They say more than before.
    Written,
    /// They had said it all.
    Unchanged,
}

/// Brings the rows of `entity` in all `generations` of `view`, which were read before, to where its stream is.
///
/// # Errors
/// See [`ViewError`].
pub async fn follow(
    store: &Store,
    clock: &Clock,
    table: &str,
    generations: Generations,
    view: View,
    entity: &Entity,
) -> Result<Projected, ViewError> {
    let mut outcome = Projected::Unchanged;
    for generation in generations.all() {
        if project(store, clock, table, generation, view, entity).await? == Projected::Written {
            outcome = Projected::Written;
        }
    }
    Ok(outcome)
}

/// Brings the rows of `entity` in one generation to where its stream is.
///
/// # Errors
/// See [`ViewError`].
pub async fn project(
    store: &Store,
    clock: &Clock,
    table: &str,
    generation: u64,
    view: View,
    entity: &Entity,
) -> Result<Projected, ViewError> {
    match view {
        View::Customers | View::Subscriptions => plain(store, table, generation, view, entity).await,
        View::Analytics => counted(store, clock, table, generation, entity).await,
    }
}

/// Writes rows, each on its own, over older ones.
async fn plain(
    store: &Store,
    table: &str,
    generation: u64,
    view: View,
    entity: &Entity,
) -> Result<Projected, ViewError> {
    let (mut outcome, mut done) = (Projected::Unchanged, None);
    for _ in 0..TRIES {
        let Told { version, events } = stream::read(store, entity).await?;
        // A row that is gone cannot say that it is newer than one that was about to be written. So who has written looks
        // at the stream once more, and finds whatever was told while it wrote.
        if done == Some(version) {
            return Ok(outcome);
        }
        for row in rows(view, entity, events).map_err(|error| entity.unreadable(&error))? {
            let key = row.key(generation);
            let is_written = match row.body {
                Some(body) => {
                    let update = Update::of(table, key).text(ROW, body).number(VERSION, version);
                    store.update(update.if_newer(VERSION, version)).await?
                }
                None => store.delete_if_at_most(table, &key, VERSION, version).await?,
            };
            if is_written {
                outcome = Projected::Written;
            }
        }
        done = Some(version);
    }
    Err(ViewError::Contended)
}

/// The row that says what an entity contributes.
fn own(generation: u64, entity: &Entity) -> Key {
    Key::new(within(generation, &format!("entity#{}", entity.pk())), "-")
}

/// The row that counters of a month stand in.
fn counters(generation: u64, measured: Measured, month: &str, entity: &Entity) -> Key {
    let sum = entity.pk().bytes().fold(0_u8, u8::wrapping_add);
    Key::new(shard(generation, measured, sum.checked_rem(SHARDS).unwrap_or(0)), month)
}

/// A partition of a view's counters.
pub(crate) fn shard(generation: u64, measured: Measured, number: u8) -> String {
    within(generation, &format!("{}#{number}", measured.as_str()))
}

/// What an entity contributes, as its own row has it.
#[derive(Debug, Default)]
struct Known {
    contribution: Contribution,
    version: u64,
    revision: u64,
}

/// Moves counters by what an entity contributes more than before.
async fn counted(
    store: &Store,
    clock: &Clock,
    table: &str,
    generation: u64,
    entity: &Entity,
) -> Result<Projected, ViewError> {
    let (mut outcome, mut lost) = (Projected::Unchanged, 0_u64);
    while lost < TRIES {
        // Before the stream: then the stream is at least as far as the row.
        let known = known(store, table, &own(generation, entity)).await?;
        let told = stream::read(store, entity).await?;
        let after = contribution(entity, &told).map_err(|error| entity.unreadable(&error))?;
        if known.version == told.version && known.contribution == after {
            return Ok(outcome);
        }
        let commit = commit(table, generation, entity, &known, &after, told.version)?;
        match store.commit(commit, &Origin::default()).await {
            Ok(()) => outcome = Projected::Written,
            Err(StoreError::Lost(_) | StoreError::Conflict) => {
                lost = lost.saturating_add(1);
                clock.sleep(Duration::from_millis(clock.random_below(lost.saturating_mul(40)))).await;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(ViewError::Contended)
}

fn contribution(entity: &Entity, told: &Told) -> Result<Contribution, Unfit> {
    if entity.kind == "customer" {
        contribution::customer(&told.events)
    } else {
        contribution::subscription(&told.events)
    }
}

async fn known(store: &Store, table: &str, key: &Key) -> Result<Known, StoreError> {
    let Some(item) = store.get(table, key, true).await? else { return Ok(Known::default()) };
    let number = |name: &str| item.get_number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    Ok(Known {
        contribution: item.get_json(CONTRIBUTION)?.unwrap_or_default(),
        version: number(VERSION),
        revision: number("rev"),
    })
}

/// What leads from `known` to `after`, or a part of it that fits into a transaction.
fn commit(
    table: &str,
    generation: u64,
    entity: &Entity,
    known: &Known,
    after: &Contribution,
    version: u64,
) -> Result<Commit, ViewError> {
    let unreadable = |error: &dyn std::fmt::Display| entity.unreadable(error);
    let moved = after.since(&known.contribution).map_err(|error| unreadable(&error))?;
    let mut rows: BTreeMap<(Measured, &str), Vec<(&Counter, quoin_money::Delta)>> = BTreeMap::new();
    for (counter, delta) in moved.iter() {
        rows.entry((counter.measured, counter.month())).or_default().push((counter, delta));
    }
    let is_all = rows.len() <= MOST_ROWS;
    let (mut commit, mut reached) = (Commit::new(), known.contribution.clone());
    for ((measured, month), counts) in rows.into_iter().take(MOST_ROWS) {
        let mut update = Update::of(table, counters(generation, measured, month, entity));
        for (counter, delta) in counts {
            update = update.add(&counter.attribute(), delta);
            reached.add(counter.clone(), delta).map_err(|error| unreadable(&error))?;
        }
        commit = commit.update(update);
    }
    // A part is not yet what this version of the stream says.
    let version = if is_all { version } else { known.version };
    let revision = known.revision.saturating_add(1);
    let row = Update::of(table, own(generation, entity)).json(CONTRIBUTION, &reached)?;
    Ok(commit.update(row.number(VERSION, version).number("rev", revision).if_newer("rev", revision)))
}
