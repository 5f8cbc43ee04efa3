//! Goes on with orders that waited for an event, and writes what was measured as metrics.
//!
//! Measures are taken out of the table before they are written, in transactions that only one of two runs can carry
//! out: a run that dies between the two leaves some unwritten, and none is written twice.

use quoin_events::Origin;
use quoin_runtime::{Env, Failure, InOrder, Invocation, Metrics, Swept, sweep_in_order};
use quoin_store::{Commit, Item, Key, Query, StoreError};
use serde::de::IgnoredAny;

use crate::consumers::order_monitor::{OrderMonitor, SHARDS, measures_pk};
use crate::measure::Measure;

/// A transaction has at most 100 items.
const PAGE: u32 = 100;
/// What is kept back to write the log.
const RESERVE_MS: i64 = 5_000;

/// Sweeps, then writes the metrics.
///
/// # Errors
/// If the table cannot be read; what was taken until then is written.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    let written = write(env, invocation, metrics).await;
    let swept = sweep_in_order::<OrderMonitor>(env, invocation, event, metrics).await?;
    written.map(|()| swept)
}

async fn write(env: &Env, invocation: &Invocation, metrics: &mut Metrics) -> Result<(), Failure> {
    let table = env.config.table(OrderMonitor::TABLE)?;
    let stop = invocation.deadline.plus_millis(RESERVE_MS.saturating_neg());
    for shard in 0..SHARDS {
        while env.clock.now() < stop {
            let query = Query::of(measures_pk(shard)).limit(PAGE).consistent();
            let page = env.store.query(table, query).await?;
            if page.items.is_empty() || !take(env, table, &page.items).await? {
                break;
            }
            for item in &page.items {
                let Measure { metric, value } = item.require_json("measure")?;
                metrics.measure(metric.name(), value, metric.unit());
            }
        }
    }
    Ok(())
}

/// Takes rows out of the table; says whether it was this run that did.
async fn take(env: &Env, table: &str, rows: &[Item]) -> Result<bool, Failure> {
    let mut commit = Commit::new();
    for row in rows {
        commit = commit.take(table, Key::new(row.require_text("pk")?, row.require_text("sk")?));
    }
    match env.store.commit(commit, &Origin::default()).await {
        Ok(()) => Ok(true),
        // Another run takes them.
        Err(StoreError::Lost(_) | StoreError::Conflict) => Ok(false),
        Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => Err(error.into()),
    }
}
