//! What is known of the parts of an event type's day, to spare reading them.

use quoin_runtime::Env;
use quoin_store::{Item, Key, StoreError};

use super::{Partition, Parts};

/// What is known of a day's parts is kept for so long after its last event's copies are gone.
const KNOWN_SECONDS: i64 = 14 * 86_400;
/// Where the bounds of closed parts are.
const PARTS: &str = "parts";

fn sk(partition: &Partition) -> String {
    format!("{}#{}", partition.day, partition.event)
}

/// What is known of the closed parts of `partition`.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn known_bounds(env: &Env, table: &str, partition: &Partition) -> Result<Parts, StoreError> {
    let item = env.store.get(table, &Key::new(PARTS, sk(partition)), false).await?;
    let bounds = item.map(|item| item.get_texts("bounds")).unwrap_or_default();
    // What cannot be read is forgotten: the parts themselves tell.
    Ok(Parts(bounds.iter().map_while(|bound| bound.parse().ok()).collect()))
}

/// Remembers the bounds of closed parts, so that they need not be read again for it.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn keep_bounds(
    env: &Env,
    table: &str,
    partition: &Partition,
    parts: &Parts,
) -> Result<(), StoreError> {
    let days = i64::from(partition.retention_days());
    let expires = env.clock.now().plus_seconds(days.saturating_mul(86_400).saturating_add(KNOWN_SECONDS)).seconds();
    let item = Item::new()
        .text("pk", PARTS)
        .text("sk", sk(partition))
        .texts("bounds", parts.0.iter().map(ToString::to_string).collect())
        .number("expires", expires);
    env.store.put(table, item).await
}
