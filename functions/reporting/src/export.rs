//! Writes staged events into the warehouse's objects.
//!
//! A row goes only after all of its lines are in objects. Lines that could not be written are staged again first, in
//! rows of their own, so what fails holds up nothing else. Every put names the version of the object that it was merged
//! from: of two exports at once one loses and comes back later. What is stopped halfway is done again and finds its
//! lines in the objects.

use std::collections::{BTreeMap, BTreeSet};

use quoin_events::Timestamp;
use quoin_runtime::{Env, Expected, Failure, Invocation, Metrics};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::warehouse::{
    Line, Part, Partition, Parts, Row, Settled, Walk, keep_bounds, known_bounds, remove, stage_again,
};

/// What is kept back to end properly.
const RESERVE_MS: i64 = 30_000;
/// The size at which a part is closed, if the function is not told another one.
const PART_BYTES: usize = 5_000_000;
/// Bytes of lines that are held at once. Each time, the open parts are written anew.
const HELD_BYTES: usize = 32_000_000;

/// Of every object.
const KIND: &str = "application/x-ndjson";

/// What one export did.
#[derive(Debug, Default, Serialize)]
pub struct Exported {
    /// Lines that the warehouse did not have.
    lines: u64,
    /// Objects written.
    objects: u64,
    /// What is left for the next export: event types' days that another one was writing or that there was no time for,
    /// and partitions of the table that were not read to their ends.
    left: u64,
    /// Event types' days that could not be exported, and rows that cannot be read.
    failed: u64,
}

/// Exports what is staged.
///
/// # Errors
/// If the table does not answer; then the next export goes on.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Exported, Failure> {
    let bucket = env.config.bucket("warehouse")?;
    let table = env.config.table("warehouse")?;
    let size = env.config.parse_or("WAREHOUSE_PART_BYTES", PART_BYTES)?;
    let stop = invocation.deadline.plus_millis(RESERVE_MS.saturating_neg());
    let mut export = Export { env, bucket, table, size, stop, known: BTreeMap::new(), unwritten: BTreeMap::new() };
    let mut done = Exported::default();
    let mut walk = Walk::until(env, table, env.clock.now());
    loop {
        if env.clock.now() >= stop {
            done.left = count(walk.left());
            break;
        }
        let taken = Taken::next(&mut walk, HELD_BYTES).await?;
        if taken.is_end {
            break;
        }
        done.failed = done.failed.saturating_add(taken.unread);
        export.taken(taken, &mut done).await?;
    }
    let (left, failed): (Vec<Unwritten>, Vec<_>) = export.unwritten.values().partition(|why| **why == Unwritten::Left);
    done.left = done.left.saturating_add(count(left.len()));
    done.failed = done.failed.saturating_add(count(failed.len()));
    metrics.metric("ExportedLines", done.lines, "Count");
    metrics.metric("Unexported", done.failed, "Count");
    Ok(done)
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Why lines of a partition stay staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unwritten {
    /// Another export was writing it, or time ran out.
    Left,
    /// It could not be written.
    Failed,
}

/// Rows that are exported together.
#[derive(Default)]
struct Taken {
    rows: Vec<Row>,
    lines: BTreeMap<Partition, Vec<Line>>,
    /// Rows that cannot be read, and stay.
    unread: u64,
    is_end: bool,
}

impl Taken {
    /// The next rows, until their lines have so many bytes.
    async fn next(walk: &mut Walk<'_>, most: usize) -> Result<Self, Failure> {
        let (mut taken, mut bytes) = (Self { is_end: true, ..Self::default() }, 0_usize);
        while bytes < most {
            let Some(row) = walk.next().await? else { break };
            taken.is_end = false;
            let Some(lines) = row.lines_or_log() else {
                taken.unread = taken.unread.saturating_add(1);
                continue;
            };
            for (partition, line) in lines {
                bytes = bytes.saturating_add(line.text.len());
                taken.lines.entry(partition).or_default().push(line);
            }
            taken.rows.push(row);
        }
        Ok(taken)
    }
}

struct Export<'a> {
    env: &'a Env,
    bucket: &'a str,
    table: &'a str,
    size: usize,
    stop: Timestamp,
    /// The parts of partitions that were written.
    known: BTreeMap<Partition, Parts>,
    /// Partitions that are not tried again in this run.
    unwritten: BTreeMap<Partition, Unwritten>,
}

impl Export<'_> {
    /// Writes the lines of rows, and has the rows go whose lines are written.
    async fn taken(&mut self, taken: Taken, done: &mut Exported) -> Result<(), Failure> {
        let partitions: BTreeSet<Partition> = taken.lines.keys().cloned().collect();
        for (partition, lines) in taken.lines {
            if self.unwritten.contains_key(&partition) {
                continue;
            }
            let why = match self.partition(&partition, lines, done).await {
                Ok(true) => continue,
                Ok(false) => Unwritten::Left,
                Err(failure) => {
                    let Partition { day, event } = &partition;
                    tracing::warn!(day, event, reason = %failure, "not exported");
                    Unwritten::Failed
                }
            };
            self.unwritten.insert(partition, why);
        }
        let unwritten = self.unwritten.keys().filter(|partition| partitions.contains(*partition)).collect();
        let Settled { over, again } = Settled::of(&taken.rows, &unwritten);
        for (pk, lines) in &again {
            stage_again(self.env, self.table, pk, lines.iter().map(|(_, text)| text.as_str())).await?;
        }
        Ok(remove(self.env, self.table, over).await?)
    }

    /// Merges `lines` into the parts of their partition; says whether all of them are there.
    async fn partition(
        &mut self,
        partition: &Partition,
        lines: Vec<Line>,
        done: &mut Exported,
    ) -> Result<bool, Failure> {
        if self.env.clock.now() >= self.stop {
            return Ok(false);
        }
        let known = match self.known.get(partition) {
            Some(known) => known.clone(),
            None => known_bounds(self.env, self.table, partition).await?,
        };
        let mut parts = known.clone();
        let outcome = self.write(partition, &mut parts, lines, done).await;
        if parts != known {
            keep_bounds(self.env, self.table, partition, &parts).await?;
        }
        self.known.insert(partition.clone(), parts);
        outcome
    }

    async fn write(
        &self,
        partition: &Partition,
        parts: &mut Parts,
        mut lines: Vec<Line>,
        done: &mut Exported,
    ) -> Result<bool, Failure> {
        while let Some(at) = lines.iter().map(|line| line.at).min() {
            let number = parts.of(at);
            let key = partition.object_key(number);
            let object = self.env.get_object(self.bucket, &key).await?;
            let mut part = match &object {
                Some(object) => Part::read(&object.body).map_err(|error| Failure::poison(format!("{key}: {error}")))?,
                None => Part::default(),
            };
            let mut merged = parts.clone();
            let added = merged.merge(number, &mut part, &mut lines, self.size);
            if added > 0 {
                let expected = object.as_ref().map_or(Expected::Nothing, |object| Expected::Version(&object.version));
                if !self.env.put_object(self.bucket, &key, KIND, part.body(), expected).await? {
                    return Ok(false);
                }
                done.objects = done.objects.saturating_add(1);
                done.lines = done.lines.saturating_add(count(added));
            }
            // Only what is written is known.
            *parts = merged;
        }
        Ok(true)
    }
}
