//! What the clock does to boosts of gigs: each step is carried out in its second, and every hour what was missed.

use quoin_boosting::{Due, Ended, Swept};
use quoin_runtime::{Env, Failure, Invocation, Metrics};
use serde::de::IgnoredAny;

use crate::known::Known;

/// Sees to the gig that a schedule names.
///
/// # Errors
/// If it cannot be read or written: the scheduler calls again.
pub async fn handle(env: &Env, invocation: &Invocation, due: Due, metrics: &mut Metrics) -> Result<Ended, Failure> {
    quoin_boosting::end_due::<Known>(env, invocation, due, metrics).await
}

/// Sees to all gigs that no schedule called for in time.
///
/// # Errors
/// If the rows cannot be read.
pub async fn sweep(
    env: &Env,
    invocation: &Invocation,
    event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    quoin_boosting::sweep::<Known>(env, invocation, event, metrics).await
}
