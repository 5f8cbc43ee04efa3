//! Computes once a day what boosts brought, of each kind of things that are boosted, up to the day before.
//!
//! A day's result is a row that a second run writes again, of what is known by then.

use quoin_runtime::{Env, Failure, Invocation, Metrics};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::effects::{Analytics, Kind, Sample, TABLE, day_of, span_of, text};

/// What one run did.
#[derive(Debug, Default, Serialize)]
pub struct Computed {
    /// The last day that was looked at.
    day: String,
    /// Boosts that were compared, of all kinds.
    pairs: usize,
    /// Targets that were looked at.
    targets: usize,
}

/// Computes and keeps the results of yesterday.
///
/// # Errors
/// If the table does not answer; the next run computes the next day.
pub async fn handle(
    env: &Env,
    _invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Computed, Failure> {
    let table = env.config.table(TABLE)?;
    let now = env.clock.now();
    let range = span_of(day_of(now).saturating_sub(1));
    let mut done = Computed { day: text(range.last), ..Computed::default() };
    for kind in Kind::ALL {
        let sample = Sample::read(env, kind, range).await?;
        let analytics = Analytics::of(kind, range, &sample, now);
        env.store.put(table, analytics.row()?).await?;
        done.pairs = done.pairs.saturating_add(analytics.pairs());
        done.targets = done.targets.saturating_add(sample.targets.len());
    }
    metrics.metric("BoostPairs", u64::try_from(done.pairs).unwrap_or(u64::MAX), "Count");
    Ok(done)
}
