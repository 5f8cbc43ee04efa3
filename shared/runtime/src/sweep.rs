//! Sweeps: rows of what is not over yet, `open#<shard>` / `<id>` in a service's own table, looked at page by page
//! until the time is up.

use futures_util::{StreamExt, stream};
use quoin_events::Timestamp;
use quoin_store::{Item, Key, Query};

use crate::{ConfigError, Env, Failure, Invocation};

/// Partitions, so that no one of them takes every write.
const SHARDS: u8 = 8;
/// Rows looked at at once.
const CONCURRENCY: usize = 8;
/// Rows of a page.
const PAGE: u32 = 100;
/// Rows that are held at once, of which any may be looked at first.
const PORTION: usize = 1_000;

fn shard(id: &str) -> u8 {
    id.bytes().fold(0_u8, u8::wrapping_add).checked_rem(SHARDS).unwrap_or(0)
}

fn partition(shard: u8) -> String {
    format!("open#{shard}")
}

/// The key of the row that keeps `id` open.
#[must_use]
pub fn open_key(id: &str) -> Key {
    Key::new(partition(shard(id)), id)
}

/// What is not over yet, as its row tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Its id.
    pub id: String,
    /// Since when.
    pub at: Timestamp,
}

impl Open {
    /// The row that keeps `id` open, since `at`.
    #[must_use]
    pub fn row(id: &str, at: Timestamp) -> Item {
        let key = open_key(id);
        Item::new().text("pk", key.pk).text("sk", key.sk).text("at", at.to_string())
    }

    /// What a row tells.
    #[must_use]
    pub fn read(row: &Item) -> Option<Self> {
        Some(Self { id: row.get_text("sk")?.to_owned(), at: row.get_text("at")?.parse().ok()? })
    }
}

/// When what is open is looked at, and when its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long it is left alone, in milliseconds.
    pub ask_ms: i64,
    /// After how long its time is over, in milliseconds.
    pub end_ms: i64,
}

impl Pace {
    /// The pace of a stage: each setting by its name, in seconds, and what it is where a stage says nothing.
    ///
    /// # Errors
    /// If a setting is no number.
    pub fn of(env: &Env, ask: (&'static str, i64), end: (&'static str, i64)) -> Result<Self, ConfigError> {
        let ms = |(name, default): (&'static str, i64)| Ok(env.config.parse_or(name, default)?.saturating_mul(1_000));
        Ok(Self { ask_ms: ms(ask)?, end_ms: ms(end)? })
    }

    /// Whether it is to be looked at.
    #[must_use]
    pub fn is_due(self, open: &Open, now: Timestamp) -> bool {
        now >= open.at.plus_millis(self.ask_ms)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(self, open: &Open, now: Timestamp) -> bool {
        now >= open.at.plus_millis(self.end_ms)
    }
}

/// All shards, from one of them on: a sweep that is cut short is not always cut short before the same ones.
fn shards(first: u64) -> impl Iterator<Item = u8> {
    let first = u8::try_from(first.checked_rem(u64::from(SHARDS)).unwrap_or(0)).unwrap_or(0);
    (first..SHARDS).chain(0..first)
}

/// Looks at the open rows of `table`, in no order of meaning. No row is begun later than `reserve_ms`, which is what
/// one may take, before the function is stopped; what is not reached is for the next sweep.
///
/// # Errors
/// If the rows cannot be read.
pub async fn sweep<R>(
    env: &Env,
    invocation: &Invocation,
    table: &str,
    reserve_ms: i64,
    look: impl AsyncFn(&Item) -> Option<R>,
) -> Result<Vec<R>, Failure> {
    let stop = invocation.deadline.plus_millis(reserve_ms.saturating_neg());
    let is_over = || env.clock.now() >= stop;
    let (look, mut seen) = (&look, Vec::new());
    for shard in shards(env.clock.random_below(u64::from(SHARDS))) {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            if is_over() {
                return Ok(seen);
            }
            let query = Query::of(partition(shard)).limit(PAGE).after(after.take());
            let page = env.store.query(table, query).await?;
            rows.extend(page.items);
            after = page.next;
            if after.is_some() && rows.len() < PORTION {
                continue;
            }
            // Those that take long are not always the first ones.
            let first = env.clock.random_below(u64::try_from(rows.len()).unwrap_or(u64::MAX).max(1));
            rows.rotate_left(usize::try_from(first).unwrap_or(0));
            let looks = rows.iter().map(async |row| if is_over() { None } else { look(row).await });
            let looked = stream::iter(looks).buffer_unordered(CONCURRENCY).collect::<Vec<_>>().await;
            seen.extend(looked.into_iter().flatten());
            rows.clear();
            if after.is_none() {
                break;
            }
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_a_partition_that_is_swept() {
        let swept: Vec<_> = (0..SHARDS).map(partition).collect();
        for id in ["", "pay_00", "pay_01", "pay_ff", "order_a7"] {
            assert!(swept.contains(&open_key(id).pk), "{id}");
        }
        assert_ne!(open_key("pay_00").pk, open_key("pay_01").pk);
    }

    #[test]
    fn a_sweep_may_begin_anywhere_and_passes_every_shard_once() {
        for first in 0..u64::from(SHARDS) * 2 {
            let mut swept: Vec<_> = shards(first).collect();
            assert_eq!(u64::from(swept[0]), first % u64::from(SHARDS));
            swept.sort_unstable();
            assert_eq!(swept, (0..SHARDS).collect::<Vec<_>>());
        }
    }
}
