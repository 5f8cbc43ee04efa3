//! Ends by the clock: the function that a boost's schedule calls, and the hourly sweep for what no schedule called for.
//! Rows that are old enough expire by themselves.

use quoin_events::{Cause, Origin};
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics, sweep_due};
use quoin_store::derived_id;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::settle::settle;
use crate::{Boosted, rows};

/// What is kept back for the last target, and to tell what was done before the function is stopped.
const RESERVE_MS: i64 = 12_000;

/// What a schedule calls the function with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Due {
    /// What may have changed.
    pub target_id: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It counts less than before.
    Changed,
    /// It is as it has to be.
    NothingDue,
}

/// What one sweep did.
#[derive(Debug, Default, Serialize)]
pub struct Swept {
    looked_at: u64,
    /// What no schedule had called for in time.
    changed: u64,
    /// What could not be seen to, and is looked at again.
    failed: u64,
}

/// Sees to the target that a schedule names.
///
/// # Errors
/// If it cannot be read or written: the scheduler calls again, and so does the sweep.
pub async fn end_due<T: Boosted>(
    env: &Env,
    invocation: &Invocation,
    due: Due,
    _: &mut Metrics,
) -> Result<Ended, Failure> {
    end::<T>(env, invocation, &due.target_id).await
}

async fn end<T: Boosted>(env: &Env, invocation: &Invocation, target_id: &str) -> Result<Ended, Failure> {
    let request_id = derived_id("req", &[target_id, &env.clock.now().to_string()]);
    let origin = Origin { request_id, traceparent: None, cause: Cause::Request };
    let context = Context::of_message(&env.clock, invocation, origin);
    let has_changed = settle::<T>(env, &context, target_id, None).await?;
    Ok(if has_changed { Ended::Changed } else { Ended::NothingDue })
}

/// Sees to every target that should have changed by now.
///
/// # Errors
/// If the rows cannot be read; what fails is looked at by the next sweep.
pub async fn sweep<T: Boosted>(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    let (table, stop) = (rows::table::<T>(env)?, invocation.deadline.plus_millis(RESERVE_MS.saturating_neg()));
    let mut swept = Swept::default();
    // A moment that is now sorts before the key that begins with it.
    let until = format!("{}~", env.clock.now());
    let see = async |target_id: &str| end::<T>(env, invocation, target_id).await;
    sweep_due(env, table, &until, stop, see, |target_id, outcome| swept.count(target_id, outcome)).await?;
    metrics.metric("LateBoosts", swept.changed, "Count");
    metrics.metric("StuckBoosts", swept.failed, "Count");
    Ok(swept)
}

impl Swept {
    fn count(&mut self, target_id: &str, outcome: Result<Ended, Failure>) {
        self.looked_at = self.looked_at.saturating_add(1);
        match outcome {
            Ok(Ended::Changed) => self.changed = self.changed.saturating_add(1),
            Ok(Ended::NothingDue) => {}
            Err(failure) => {
                self.failed = self.failed.saturating_add(1);
                tracing::warn!(target_id, reason = %failure, "its boosts stay as they are");
            }
        }
    }
}
