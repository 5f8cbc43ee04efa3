//! Many items of a service's own table with few requests: for rows whose key says all, so that
//! putting or deleting them again changes nothing. Not a transaction: some may be written when it fails.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};

use crate::write::unavailable;
use crate::{Clock, Item, Key, Store, StoreError};

/// DynamoDB takes 25 writes at once.
const BATCH: usize = 25;
/// How often what stayed unprocessed is sent.
const TRIES: u32 = 6;
/// The first pause's upper bound; it doubles with each try.
const PAUSE_MS: u64 = 20;

impl Store {
    /// Puts `items` into `table` in place of whatever stands there; of two with one key the later one stays.
    ///
    /// # Errors
    /// The classes of every request; those before the one that failed are written, so put all of them again.
    pub async fn put_all(&self, clock: &Clock, table: &str, items: Vec<Item>) -> Result<(), StoreError> {
        let requests = distinct(items).iter().map(write_request).collect::<Result<Vec<_>, _>>()?;
        self.write_all(clock, table, &requests).await
    }

    /// Deletes the items at `keys` from `table`, whether they are there or not.
    ///
    /// # Errors
    /// The classes of every request; those before the one that failed are deleted, so delete all of them again.
    pub async fn delete_all(&self, clock: &Clock, table: &str, keys: BTreeSet<Key>) -> Result<(), StoreError> {
        let requests = keys.iter().map(delete_request).collect::<Result<Vec<_>, _>>()?;
        self.write_all(clock, table, &requests).await
    }

    async fn write_all(&self, clock: &Clock, table: &str, requests: &[WriteRequest]) -> Result<(), StoreError> {
        for chunk in requests.chunks(BATCH) {
            let mut left = chunk.to_vec();
            let mut ceiling_ms = PAUSE_MS;
            for _ in 0..TRIES {
                let request = self.client.batch_write_item().request_items(table, left);
                let reply = request.send().await.map_err(|error| unavailable(&error))?;
                left = reply.unprocessed_items.unwrap_or_default().remove(table).unwrap_or_default();
                if left.is_empty() {
                    break;
                }
                clock.sleep(Duration::from_millis(clock.random_below(ceiling_ms))).await;
                ceiling_ms = ceiling_ms.saturating_mul(2);
            }
            if !left.is_empty() {
                return Err(StoreError::Unavailable("writes stayed unprocessed".to_owned()));
            }
        }
        Ok(())
    }
}

// DynamoDB refuses a batch that names one key twice.
fn distinct(items: Vec<Item>) -> Vec<Item> {
    let key = |item: &Item| Key::new(item.get_text("pk").unwrap_or_default(), item.get_text("sk").unwrap_or_default());
    items.into_iter().map(|item| (key(&item), item)).collect::<BTreeMap<_, _>>().into_values().collect()
}

fn write_request(item: &Item) -> Result<WriteRequest, StoreError> {
    let put = PutRequest::builder().set_item(Some(item.0.clone())).build().map_err(StoreError::corrupt)?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn delete_request(key: &Key) -> Result<WriteRequest, StoreError> {
    let delete = DeleteRequest::builder().set_key(Some(key.attributes())).build().map_err(StoreError::corrupt)?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_items_with_one_key_the_later_one_stays() {
        let item = |sk: &str, n: u32| Item::new().text("pk", "a").text("sk", sk).number("n", n);
        let kept = distinct(vec![item("1", 1), item("2", 2), item("1", 3)]);
        assert_eq!(kept, vec![item("1", 3), item("2", 2)]);
    }
}
