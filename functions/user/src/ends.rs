//! Ends of boosts of profiles, by the clock.

use quoin_boosting::{Due, Ended, Swept, end_due};
use quoin_runtime::{Env, Failure, Invocation, Metrics};
use serde::de::IgnoredAny;

use crate::profile::Profile;

/// Sees to the profile that a schedule names.
///
/// # Errors
/// If it cannot be read or written: the scheduler calls again, and so does the sweep.
pub async fn due(env: &Env, invocation: &Invocation, due: Due, metrics: &mut Metrics) -> Result<Ended, Failure> {
    end_due::<Profile>(env, invocation, due, metrics).await
}

/// Sees to every profile that should have changed by now, once an hour.
///
/// # Errors
/// If the rows cannot be read; what fails is looked at by the next sweep.
pub async fn sweep(
    env: &Env,
    invocation: &Invocation,
    event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    quoin_boosting::sweep::<Profile>(env, invocation, event, metrics).await
}
