//! Writes staged events into the warehouse's objects.
//!
//! Rows go only after the objects that hold their events are written, and marks only if no row was staged since. Every
//! put names the version of the object that it was merged from: of two exports at once one loses and comes back later.
//! What is stopped halfway is done again and finds its lines in the objects.

use quoin_events::Timestamp;
use quoin_runtime::{Env, Expected, Failure, Invocation, Metrics};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::warehouse::{Line, Mark, Part, Partition, Parts, clear, keep_bounds, known_bounds, marks, remove, staged};

/// What is kept back to end properly.
const RESERVE_MS: i64 = 30_000;
/// The size at which a part is closed, if the function is not told another one.
const PART_BYTES: usize = 5_000_000;

/// Of every object.
const KIND: &str = "application/x-ndjson";

/// What one export did.
#[derive(Debug, Default, Serialize)]
pub struct Exported {
    /// Lines that the warehouse did not have.
    lines: u64,
    /// Objects written.
    objects: u64,
    /// Event types' days that are left for the next export, as another one was writing them or time ran out.
    left: u64,
    /// Event types' days that could not be exported.
    failed: u64,
}

/// Exports what is staged.
///
/// # Errors
/// If it cannot be told what is staged.
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
    let export = Export { env, bucket, table, size, stop };
    let mut done = Exported::default();
    let mut marks = marks(env, table).await?;
    // Where one run cannot do all, each run begins elsewhere.
    let first = usize::try_from(env.clock.random_below(u64::try_from(marks.len()).unwrap_or(0))).unwrap_or(0);
    marks.rotate_left(first);
    for mark in &marks {
        match export.partition(mark, &mut done).await {
            Ok(true) => {}
            Ok(false) => done.left = done.left.saturating_add(1),
            Err(failure) => {
                done.failed = done.failed.saturating_add(1);
                let Partition { day, event } = &mark.partition;
                tracing::warn!(day, event, reason = %failure, "not exported");
            }
        }
    }
    metrics.metric("ExportedLines", done.lines, "Count");
    metrics.metric("Unexported", done.failed, "Count");
    Ok(done)
}

struct Export<'a> {
    env: &'a Env,
    bucket: &'a str,
    table: &'a str,
    size: usize,
    stop: Timestamp,
}

impl Export<'_> {
    /// Exports what is staged of a partition; says whether that is all of it.
    async fn partition(&self, mark: &Mark, done: &mut Exported) -> Result<bool, Failure> {
        let (env, table, partition) = (self.env, self.table, &mark.partition);
        let known = known_bounds(env, table, partition).await?;
        let mut parts = known.clone();
        let outcome = self.rows(partition, &mut parts, done).await;
        if parts != known {
            keep_bounds(env, table, partition, &parts).await?;
        }
        let is_all = outcome?;
        if is_all {
            clear(env, table, mark).await?;
        }
        Ok(is_all)
    }

    async fn rows(&self, partition: &Partition, parts: &mut Parts, done: &mut Exported) -> Result<bool, Failure> {
        loop {
            if self.env.clock.now() >= self.stop {
                return Ok(false);
            }
            let rows = staged(self.env, self.table, partition).await?;
            if !self.write(partition, parts, rows.lines, done).await? {
                return Ok(false);
            }
            remove(self.env, self.table, rows.keys).await?;
            if !rows.has_more {
                return Ok(true);
            }
        }
    }

    /// Merges `lines` into their parts; says whether all of them are there.
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
                done.lines = done.lines.saturating_add(u64::try_from(added).unwrap_or(0));
            }
            // Only what is written is known.
            *parts = merged;
        }
        Ok(true)
    }
}
