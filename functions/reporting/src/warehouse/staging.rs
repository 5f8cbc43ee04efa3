//! Events on their way to the warehouse: rows of lines of any type and day, by the moment at which they were staged.

use std::collections::{BTreeSet, VecDeque};

use quoin_events::Timestamp;
use quoin_runtime::Env;
use quoin_store::{Item, Key, Query, StoreError};

use super::packed::{pack, unpack};
use super::{Line, Partition};

/// How many partitions of the table rows are spread over. A batch is a few write units, and a partition takes a
/// thousand a second.
const SHARDS: u8 = 2;
/// Where a row has its lines.
const LINES: &str = "lines";

fn stage_pk(shard: u8) -> String {
    format!("stage#{shard}")
}

/// Stages `lines` together. Rows do not expire: only what is in the warehouse may go.
///
/// # Errors
/// The classes of every request; then stage all of them again.
pub(crate) async fn stage<'a>(
    env: &Env,
    table: &str,
    lines: impl IntoIterator<Item = &'a str>,
) -> Result<(), StoreError> {
    let shard = u8::try_from(env.clock.random_below(SHARDS.into())).unwrap_or(0);
    stage_again(env, table, &stage_pk(shard), lines).await
}

/// Stages lines again that come from rows of `pk`. They stay there and behind all rows that they come from: who goes
/// through the rows meanwhile finds them where they were or where they are.
///
/// # Errors
/// The classes of every request; then stage all of them again.
pub(crate) async fn stage_again<'a>(
    env: &Env,
    table: &str,
    pk: &str,
    lines: impl IntoIterator<Item = &'a str>,
) -> Result<(), StoreError> {
    let at = env.clock.now();
    let row = |packed| {
        let sk = format!("{at}#{:016x}", env.clock.random_below(u64::MAX));
        Item::new().text("pk", pk).text("sk", sk).bytes(LINES, packed)
    };
    let rows = pack(lines).map_err(StoreError::corrupt)?.into_iter().map(row).collect();
    env.store.put_all(&env.clock, table, rows).await
}

/// Removes rows whose lines are all in the warehouse, or staged again.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn remove(env: &Env, table: &str, keys: BTreeSet<Key>) -> Result<(), StoreError> {
    env.store.delete_all(&env.clock, table, keys).await
}

/// A row as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) key: Key,
    pub(crate) packed: Vec<u8>,
}

impl Row {
    fn read(item: &Item) -> Result<Self, StoreError> {
        let key = Key::new(item.require_text("pk")?, item.require_text("sk")?);
        // No lines at all cannot be unpacked either.
        Ok(Self { key, packed: item.get_bytes(LINES).unwrap_or_default().to_vec() })
    }

    /// Its lines, each with the partition that it belongs to.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) fn lines(&self) -> Result<Vec<(Partition, Line)>, String> {
        unpack(&self.packed)
    }

    /// The same; a row that cannot be read is logged and left out.
    pub(crate) fn lines_or_log(&self) -> Option<Vec<(Partition, Line)>> {
        let told = self.lines();
        if let Err(reason) = &told {
            tracing::warn!(pk = self.key.pk, sk = self.key.sk, reason, "a staged row cannot be read");
        }
        told.ok()
    }
}

/// Goes through what is staged, shard by shard, the oldest first.
pub(crate) struct Walk<'a> {
    env: &'a Env,
    table: &'a str,
    until: Option<String>,
    /// Shards that are not at their ends, with the row that each goes on behind.
    shards: VecDeque<(u8, Option<Key>)>,
    page: VecDeque<Row>,
}

impl<'a> Walk<'a> {
    /// Through everything.
    pub(crate) fn all(env: &'a Env, table: &'a str) -> Self {
        let shards = (0..SHARDS).map(|shard| (shard, None)).collect();
        Self { env, table, until: None, shards, page: VecDeque::new() }
    }

    /// Through what was staged before `until`, and so never through what is staged again meanwhile. Where one run cannot
    /// do all, each run begins elsewhere.
    pub(crate) fn until(env: &'a Env, table: &'a str, until: Timestamp) -> Self {
        let mut walk = Self::all(env, table);
        let first = usize::try_from(env.clock.random_below(SHARDS.into())).unwrap_or(0);
        walk.shards.rotate_left(first);
        walk.until = Some(until.to_string());
        walk
    }

    /// Shards that it has not gone through.
    pub(crate) fn left(&self) -> usize {
        self.shards.len().max(usize::from(!self.page.is_empty()))
    }

    /// The next row; `None` behind the last one.
    ///
    /// # Errors
    /// The classes of every request.
    pub(crate) async fn next(&mut self) -> Result<Option<Row>, StoreError> {
        loop {
            if let Some(row) = self.page.pop_front() {
                return Ok(Some(row));
            }
            let Some((shard, after)) = self.shards.pop_front() else { return Ok(None) };
            let query = Query::of(stage_pk(shard)).consistent().after(after);
            let query = match &self.until {
                Some(until) => query.between("0", until),
                None => query,
            };
            let page = self.env.store.query(self.table, query).await?;
            self.page = page.items.iter().map(Row::read).collect::<Result<_, _>>()?;
            if let Some(next) = page.next {
                self.shards.push_front((shard, Some(next)));
            }
        }
    }
}
