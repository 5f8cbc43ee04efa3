//! Grants what is due of cashback. A run begins at the earliest of each partition and goes on as long as it may; what
//! it grants is gone from there, so the next run goes on where this one stopped, and nothing is passed over.

use quoin_events::Timestamp;
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics};
use quoin_store::{Commit, Item, Query};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::cashback::{Cashback, SHARDS, shards};
use crate::table;
use crate::write::{Written, write};

/// Rows of a page.
const PAGE: u32 = 100;
/// What one award may take.
const RESERVE_MS: i64 = 5_000;

/// What one run did.
#[derive(Debug, Default, Serialize)]
pub struct Paid {
    granted: u64,
    /// Granted before, and cleared away now.
    repeated: u64,
    /// Left for the next run.
    failed: u64,
}

/// Grants what is due.
///
/// # Errors
/// If the rows cannot be read; an award that fails is left to the next run.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Paid, Failure> {
    let (now, stop) = (env.clock.now(), invocation.deadline.plus_millis(RESERVE_MS.saturating_neg()));
    let mut paid = Paid::default();
    for shard in shards(env.clock.random_below(u64::from(SHARDS))) {
        pay_shard(env, invocation, shard, (now, stop), &mut paid).await?;
    }
    metrics.metric("CashbackGranted", paid.granted, "Count");
    metrics.metric("CashbackFailed", paid.failed, "Count");
    Ok(paid)
}

async fn pay_shard(
    env: &Env,
    invocation: &Invocation,
    shard: u8,
    (now, stop): (Timestamp, Timestamp),
    paid: &mut Paid,
) -> Result<(), Failure> {
    let table = table::name(env)?;
    let mut after = None;
    loop {
        let due = Query::of(table::cashback_due(shard)).between("0", table::until(now));
        let page = env.store.query(table, due.limit(PAGE).consistent().after(after.take())).await?;
        for row in &page.items {
            if env.clock.now() >= stop {
                return Ok(());
            }
            paid.count(pay(env, invocation, table, row).await, row);
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Grants one; says whether it had not been granted before.
async fn pay(env: &Env, invocation: &Invocation, table: &str, row: &Item) -> Result<bool, Failure> {
    let cashback = Cashback::read(row)?;
    let context = Context::of_message(&env.clock, invocation, cashback.origin());
    match write(env, &context, cashback.award(table, context.now)?).await? {
        Written::Done => Ok(true),
        Written::Taken(_) | Written::Blocked(_) => {
            write(env, &context, cashback.cleared(Commit::new(), table)).await?;
            Ok(false)
        }
    }
}

impl Paid {
    fn count(&mut self, outcome: Result<bool, Failure>, row: &Item) {
        let counter = match outcome {
            Ok(true) => &mut self.granted,
            Ok(false) => &mut self.repeated,
            Err(reason) => {
                let due = row.get_text("sk").unwrap_or_default();
                tracing::warn!(due, %reason, "cashback is not granted");
                &mut self.failed
            }
        };
        *counter = counter.saturating_add(1);
    }
}
