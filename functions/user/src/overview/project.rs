//! What an event tells, joined with what is known: the rows of an event are one transaction, each on its version.

use std::collections::BTreeSet;

use quoin_events::Timestamp;
use quoin_ledger::Wallet;
use quoin_runtime::{Context, Env, Failure, advance};
use quoin_store::{Commit, Item, Key, Snapshot, StoreError, Update};

use super::forget::remove;
use super::row::Row;
use super::table::{self, EXPIRES, ROW, VERSION};
use super::told::Told;

/// Rows as they were read, and whether whose they are was forgotten.
struct Known(Vec<(Option<Item>, bool)>);

impl Snapshot for Known {
    // No wallet takes part.
    fn rebase(&mut self, _wallet: Wallet) {}

    fn is_outdated_by(&self, _item: usize) -> bool {
        true
    }
}

/// Writes what was told; false if it was known.
///
/// # Errors
/// Those of the store.
pub(crate) async fn project(env: &Env, context: &Context, told: &[Told]) -> Result<bool, Failure> {
    let name = table::name(env)?;
    let load = async || {
        let rows = told.iter().map(|(key, _)| (name, key.clone()));
        let marks = told.iter().map(|(key, _)| (name, mark(key)));
        let mut found = env.store.batch(&rows.chain(marks).collect::<Vec<_>>()).await?;
        let marks = found.split_off(told.len().min(found.len()));
        Ok(Known(found.into_iter().zip(marks.iter().map(Option::is_some)).collect()))
    };
    let decide = |known: &Known, now: Timestamp| {
        let commit = told.iter().zip(&known.0).filter(|(_, (_, is_erased))| !is_erased).try_fold(
            None,
            |commit: Option<Commit>, ((key, row), (item, _))| {
                let update = joined(name, key, row, item.as_ref(), now)?;
                Ok::<_, StoreError>(match update {
                    Some(update) => Some(commit.unwrap_or_default().update(update)),
                    None => commit,
                })
            },
        )?;
        Ok(commit)
    };
    let is_new = advance(env, context, None, load, decide).await.map_err(Failure::transient)?;
    // Whoever was forgotten meanwhile: the mark came before the rows were looked for, or is seen here.
    let people: BTreeSet<_> = told.iter().filter_map(|(key, _)| table::user_of(key)).collect();
    let marks: Vec<_> = people.iter().map(|user_id| (name, table::erased(user_id))).collect();
    let found = env.store.batch(&marks).await?;
    for user_id in people.iter().zip(found).filter_map(|(user_id, mark)| mark.map(|_| user_id)) {
        remove(env, context, user_id).await?;
    }
    Ok(is_new)
}

/// The mark of whose row it is; a thing's row has a key that no mark has.
fn mark(key: &Key) -> Key {
    table::user_of(key).map_or_else(|| Key::new(&key.pk, "erased"), table::erased)
}

/// What makes a row of what was told of it and what is known; `None` if there is nothing new to know.
fn joined(
    name: &str,
    key: &Key,
    told: &Row,
    item: Option<&Item>,
    now: Timestamp,
) -> Result<Option<Update>, StoreError> {
    let known = item.map(table::read).transpose()?;
    let next = match known.clone() {
        Some(known) => known.join(told.clone()).ok_or_else(|| StoreError::corrupt("a row of another kind"))?,
        None => told.clone(),
    };
    let (next, version) = (next.trimmed(now), item.and_then(|item| item.get_number(VERSION)).unwrap_or(0));
    let expires = next.expires();
    let is_over = expires.is_some_and(|expires| expires <= now.seconds());
    let is_needed = !is_over || (known.is_some() && !matches!(next, Row::Runs(_)));
    if known.as_ref() == Some(&next) || !is_needed {
        return Ok(None);
    }
    let update = Update::of(name, key.clone()).json(ROW, &next)?.number(VERSION, version.saturating_add(1));
    let update = match expires {
        Some(expires) => update.number(EXPIRES, expires),
        None => update.remove(EXPIRES),
    };
    Ok(Some(if item.is_none() { update.if_absent(VERSION) } else { update.if_number(VERSION, version) }))
}
