//! Orders whose events have waited for one that never came: it is taken from the journal.

use quoin_runtime::{Env, Failure, Invocation, Metrics, Swept};
use serde::de::IgnoredAny;

use crate::consumers::support_orders::SupportOrders;

/// Goes on with what has waited for long.
///
/// # Errors
/// If the rows of what waits cannot be read.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    quoin_runtime::sweep_in_order::<SupportOrders>(env, invocation, event, metrics).await
}
