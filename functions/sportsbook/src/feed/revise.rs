//! Rows that are folded from messages: read, changed by a rule and written back if nobody was quicker.

use quoin_runtime::{Env, Failure};
use quoin_store::{Key, Update};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::market_rows::{changes, row};
use crate::table::TABLE;

/// Rounds that may be lost against other messages about the same row.
const MAX_ROUNDS: u32 = 20;

/// Changes the row at `key` and counts the change; answers with the row as it stands then. A rule that leaves the row
/// as it is writes nothing.
pub(super) async fn revise<R>(env: &Env, key: &Key, rule: impl Fn(R) -> R) -> Result<R, Failure>
where
    R: Clone + Default + PartialEq + Serialize + DeserializeOwned,
{
    let table = env.config.table(TABLE)?;
    for _ in 0..MAX_ROUNDS {
        let item = env.store.get(table, key, true).await?;
        let before: R = row(&item)?;
        let after = rule(before.clone());
        if after == before {
            return Ok(after);
        }
        let changes = changes(&item).saturating_add(1);
        let update = Update::of(table, key.clone()).json("row", &after)?.number("changes", changes);
        if env.store.update(update.if_newer("changes", changes)).await? {
            return Ok(after);
        }
    }
    Err(Failure::Transient("too many messages about one row at once".to_owned()))
}
