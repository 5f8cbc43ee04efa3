//! Reading the counters.

use std::collections::BTreeMap;

use quoin_money::Delta;
use quoin_store::{Query, Store, StoreError};

use crate::counter::{Counter, Measured};
use crate::project::{SHARDS, shard};
use crate::{Generations, ViewError};

/// The counters of `measured` from the month `first` to the month `last`, both included; all shards together.
///
/// # Errors
/// See [`ViewError`].
pub async fn steps(
    store: &Store,
    table: &str,
    measured: Measured,
    first: &str,
    last: &str,
) -> Result<BTreeMap<Counter, Delta>, ViewError> {
    let generation = Generations::read(store, table).await?.live();
    let mut sums: BTreeMap<Counter, Delta> = BTreeMap::new();
    for number in 0..SHARDS {
        let mut after = None;
        loop {
            let query = Query::of(shard(generation, measured, number)).between(first, last).after(after).consistent();
            let page = store.query(table, query).await?;
            for item in &page.items {
                let month = item.require_text("sk")?;
                for (name, digits) in item.numbers() {
                    let Some(counter) = Counter::of_attribute(measured, month, name) else { continue };
                    let more: Delta =
                        digits.parse().map_err(|_| StoreError::Refused(format!("{name} of {month} is {digits}")))?;
                    let sum = sums.entry(counter).or_default();
                    *sum = sum.and(more).map_err(|error| StoreError::Refused(error.to_string()))?;
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(sums)
}
