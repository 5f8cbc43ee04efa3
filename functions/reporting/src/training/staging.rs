//! Examples on their way to the set: a row each, in order of time, and a mark that stays, so that an event that comes
//! again after its example was written is not staged again.

use std::collections::BTreeSet;

use quoin_events::Origin;
use quoin_runtime::{Env, Failure};
use quoin_store::{Commit, Item, Key, Lost, Query, StoreError};

use super::Example;

/// Where the rows are.
const STAGED: &str = "staged";
/// The most examples of a part.
const MOST: usize = 20_000;

/// A staged example.
#[derive(Debug, Clone)]
pub(crate) struct Staged {
    pub(crate) key: Key,
    pub(crate) example: Example,
}

/// Stages an example; says whether it was not before.
///
/// # Errors
/// Transient or poison.
pub(crate) async fn stage(env: &Env, table: &str, example: &Example) -> Result<bool, Failure> {
    let mark = Item::new().text("pk", format!("example#{}", example.example)).text("sk", "-");
    let row = Item::new().text("pk", STAGED).text("sk", format!("{}#{}", example.day, example.example));
    let commit = Commit::new().put_new(table, mark).put_new(table, row.json("example", example)?);
    match env.store.commit(commit, &Origin::default()).await {
        Ok(()) => Ok(true),
        Err(StoreError::Lost(lost)) => match *lost {
            Lost::Other { .. } => Ok(false),
            Lost::Append { .. } | Lost::Wallet(_) => Err(Failure::poison("examples have no journal")),
        },
        Err(error @ (StoreError::Conflict | StoreError::Unavailable(_) | StoreError::Refused(_))) => Err(error.into()),
    }
}

/// The earliest staged examples, as many as a part takes.
///
/// # Errors
/// If the table cannot be read, or a row is no example.
pub(crate) async fn staged(env: &Env, table: &str) -> Result<Vec<Staged>, Failure> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = env.store.query(table, Query::of(STAGED).after(after).consistent()).await?;
        for item in &page.items {
            let key = Key::new(STAGED, item.require_text("sk")?);
            rows.push(Staged { key, example: item.require_json("example")? });
        }
        after = page.next;
        if after.is_none() || rows.len() >= MOST {
            rows.truncate(MOST);
            return Ok(rows);
        }
    }
}

/// Removes rows whose examples are in the set.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn remove(env: &Env, table: &str, keys: BTreeSet<Key>) -> Result<(), StoreError> {
    env.store.delete_all(&env.clock, table, keys).await
}
