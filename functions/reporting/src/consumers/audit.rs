//! Records every event: a row that stays and a copy that expires. Both are keyed by the event, so a second delivery
//! writes the same again and needs no dedupe; on the row that stays it is counted.
//!
//! The count costs one more read a batch, and a write for each event that comes again. It may be too low, never too
//! high: two first deliveries at the same moment do not see each other.

use std::collections::BTreeSet;

use quoin_runtime::{Batch, Env, Failure, Outcome};
use quoin_store::{Item, Key, StoreError, Update};

use crate::{Recorded, trail};

/// DynamoDB reads a hundred items at once.
const READ: usize = 100;

/// Records a batch.
pub async fn handle(env: &Env, batch: &Batch<Recorded>) -> Vec<Result<Outcome, Failure>> {
    let table = match env.config.table("reporting") {
        Ok(table) => table,
        Err(error) => return vec![Err(error.into()); batch.len()],
    };
    let keys: Vec<Key> = batch.iter().map(|delivery| trail::audit_key(&delivery.message)).collect();
    let known = match known(env, table, &keys).await {
        Ok(known) => known,
        Err(error) => return vec![Err(error.into()); batch.len()],
    };
    let entries = entries(batch.iter().map(|delivery| trail::rows(&delivery.message)).zip(keys), known);
    let all = entries.iter().flatten().flat_map(|entry| entry.rows.clone()).collect();
    let put = env.store.put_all(&env.clock, table, all).await;
    // One item that the table will not take must not keep the others out.
    let is_one_by_one = matches!(put, Err(StoreError::Refused(_))) && batch.len() > 1;
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        outcomes.push(match (entry, &put) {
            (Err(failure), _) => Err(failure),
            (Ok(entry), Ok(())) => count(env, table, &entry).await,
            (Ok(entry), Err(_)) if is_one_by_one => record(env, table, &entry).await,
            (Ok(_), Err(error)) => Err(Failure::Transient(error.to_string())),
        });
    }
    outcomes
}

/// What one message asks for.
struct Entry {
    key: Key,
    /// The rows to put: of an event that is known, the copy alone, which an interrupted delivery may have left out.
    rows: Vec<Item>,
    is_known: bool,
}

/// The entries of a batch, in order; of several messages with one event, all but the first find it known.
fn entries(
    rows: impl Iterator<Item = (Result<[Item; 2], Failure>, Key)>,
    mut known: BTreeSet<Key>,
) -> Vec<Result<Entry, Failure>> {
    let mut entry = |(rows, key): (Result<[Item; 2], Failure>, Key)| {
        let [audit, copy] = rows?;
        let is_known = !known.insert(key.clone());
        Ok(Entry { key, rows: if is_known { vec![copy] } else { vec![audit, copy] }, is_known })
    };
    rows.map(&mut entry).collect()
}

/// Those of `keys` that the trail has.
async fn known(env: &Env, table: &str, keys: &[Key]) -> Result<BTreeSet<Key>, StoreError> {
    let wanted: BTreeSet<&Key> = keys.iter().collect();
    let wanted: Vec<(&str, Key)> = wanted.into_iter().map(|key| (table, key.clone())).collect();
    let mut known = BTreeSet::new();
    for chunk in wanted.chunks(READ) {
        let found = env.store.batch(chunk).await?;
        known.extend(chunk.iter().zip(found).filter_map(|((_, key), item)| item.map(|_| key.clone())));
    }
    Ok(known)
}

async fn record(env: &Env, table: &str, entry: &Entry) -> Result<Outcome, Failure> {
    env.store.put_all(&env.clock, table, entry.rows.clone()).await?;
    count(env, table, entry).await
}

/// Counts a delivery of an event that is known.
async fn count(env: &Env, table: &str, entry: &Entry) -> Result<Outcome, Failure> {
    if !entry.is_known {
        return Ok(Outcome::Applied);
    }
    env.store.update(Update::of(table, entry.key.clone()).if_exists().add(trail::REPEATS, 1)).await?;
    Ok(Outcome::Duplicate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::tests::recorded;

    fn message(sequence: u64) -> (Result<[Item; 2], Failure>, Key) {
        let place = format!(r#","event_id":"e{sequence}","entity":{{"type":"bet","id":"b1"}},"sequence":{sequence}"#);
        let message = recorded("BetPlaced", "2026-01-04T10:17:12.567Z", "{}", &place);
        (trail::rows(&message), trail::audit_key(&message))
    }

    #[test]
    fn an_event_that_comes_again_is_counted_and_its_row_is_left_as_it_is() {
        let known = BTreeSet::from([message(1).1]);
        let entries = entries([1, 2, 2].map(message).into_iter(), known);
        let said: Vec<_> = entries.iter().flatten().map(|entry| (entry.is_known, entry.rows.len())).collect();
        assert_eq!(said, [(true, 1), (false, 2), (true, 1)]);
    }

    #[test]
    fn a_row_is_where_its_key_says() {
        let (rows, key) = message(7);
        let [audit, _] = rows.unwrap();
        assert_eq!((audit.get_text("pk"), audit.get_text("sk")), (Some(key.pk.as_str()), Some(key.sk.as_str())));
    }
}
