//! Rows that say what is due when: `due#<shard>` / `<moment>#<id>`, and the sweep over those whose moment has passed.

use std::time::Duration;

use quoin_events::Timestamp;
use quoin_store::{Item, Key, Query};

use crate::{Env, Failure};

/// Partitions of what is due, so that no one of them takes every write.
const SHARDS: u64 = 4;
/// Rows that are read at once.
const PAGE: u32 = 50;
/// What one of them may take of the time of all.
const ONE: Duration = Duration::from_secs(10);

/// The row that says that `id` is due at `at`: texts of moments sort as the moments do.
#[must_use]
pub fn due_key(at: Timestamp, id: &str) -> Key {
    let sum = id.bytes().fold(0_u8, u8::wrapping_add);
    let shard = u64::from(sum).checked_rem(SHARDS).unwrap_or(0);
    Key::new(format!("due#{shard}"), format!("{at}#{id}"))
}

/// The partitions of what is due, from one of them on.
fn partitions(first: u64) -> impl Iterator<Item = String> {
    (first..SHARDS).chain(0..first).map(|shard| format!("due#{shard}"))
}

/// What a row is about.
fn due_of(row: &Item) -> Option<&str> {
    row.get_text("sk")?.split_once('#').map(|(_, id)| id)
}

/// Sees to each row of `table` whose sort key is at most `until`, and tells what came of it. None is begun after `stop`,
/// and none takes more than ten seconds; the next sweep goes on, from another partition.
///
/// # Errors
/// If the rows cannot be read; what was seen to until then was told.
pub async fn sweep_due<T>(
    env: &Env,
    table: &str,
    until: &str,
    stop: Timestamp,
    see: impl AsyncFn(&str) -> Result<T, Failure>,
    mut tell: impl FnMut(&str, Result<T, Failure>),
) -> Result<(), Failure> {
    for partition in partitions(env.clock.random_below(SHARDS)) {
        let mut after = None;
        loop {
            let query = Query::of(partition.as_str()).between("0", until).limit(PAGE).after(after);
            let page = env.store.query(table, query).await?;
            for id in page.items.iter().filter_map(due_of) {
                if env.clock.now() >= stop {
                    return Ok(());
                }
                let seen = env.clock.timeout(ONE, see(id)).await;
                tell(id, seen.unwrap_or_else(|| Err(Failure::transient("it took too long"))));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_found_by_its_moment_in_one_of_the_partitions() {
        let (earlier, later) = (Timestamp::from_millis(9_999), Timestamp::from_millis(10_000));
        for id in ["sub_0", "sub_1", "sub_2", "sub_3", "sub_4", "user_0", "user_1", "user_2", "user_3"] {
            let key = due_key(earlier, id);
            assert!(partitions(3).any(|pk| pk == key.pk));
            assert!(key.sk < due_key(later, id).sk);
            assert_eq!(due_of(&Item::new().text("sk", key.sk)), Some(id));
        }
        assert_eq!(partitions(2).collect::<Vec<_>>(), ["due#2", "due#3", "due#0", "due#1"]);
    }
}
