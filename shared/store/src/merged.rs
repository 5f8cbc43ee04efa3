//! Several partitions read as one list: what is spread so that writers do not meet is shown in order all the same.

use crate::table::Query;
use crate::{Item, Store, StoreError};

/// Sorts behind every sort key that is made of digits, letters and `#`.
const LAST: &str = "~";

/// A page of several partitions.
#[derive(Debug, Clone)]
pub struct MergedPage {
    /// The items, in order of their sort keys.
    pub items: Vec<Item>,
    /// The sort key after which the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl Store {
    /// At most `limit` items of the `partitions`, newest sort key first, below `before`. No two of them may share a
    /// sort key.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn newest_of(
        &self,
        table: &str,
        partitions: &[String],
        limit: u32,
        before: Option<&str>,
    ) -> Result<MergedPage, StoreError> {
        let mut found = Vec::new();
        for pk in partitions {
            // The bound is included, and the item that stands there is left out below.
            let (mut left, mut after) = (limit.saturating_add(2), None);
            loop {
                let query = Query::of(pk).between("!", before.unwrap_or(LAST)).descending();
                let page = self.query(table, query.after(after).limit(left).consistent()).await?;
                left = left.saturating_sub(u32::try_from(page.items.len()).unwrap_or(u32::MAX));
                found.extend(page.items);
                after = page.next;
                // Large items end a page before its limit.
                if left == 0 || after.is_none() {
                    break;
                }
            }
        }
        Ok(merged(found, limit, before))
    }
}

/// The first `limit` of `found` below `before`, newest first; one more says that the list goes on.
fn merged(mut found: Vec<Item>, limit: u32, before: Option<&str>) -> MergedPage {
    let key = |item: &Item| item.get_text("sk").unwrap_or_default().to_owned();
    found.retain(|item| before.is_none_or(|before| key(item).as_str() < before));
    found.sort_by_key(|item| std::cmp::Reverse(key(item)));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let goes_on = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map(key).filter(|_| goes_on);
    MergedPage { items: found, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(sk: u32) -> Item {
        Item::new().text("sk", format!("{sk:04}"))
    }

    proptest! {
        #[test]
        fn pages_together_are_the_whole_list_in_order(
            keys in proptest::collection::btree_set(0_u32..1000, 0..60), shards in 1_usize..5, limit in 1_u32..9,
        ) {
            let (mut before, mut seen) = (None::<String>, Vec::new());
            loop {
                let mut found = Vec::new();
                for shard in 0..shards {
                    // What a query answers: newest first, the bound included, two more than the page.
                    let is_own = |key: &&u32| usize::try_from(**key).unwrap().checked_rem(shards) == Some(shard);
                    let own = keys.iter().rev().filter(is_own);
                    let below = own.filter(|key| before.as_ref().is_none_or(|before| format!("{key:04}") <= *before));
                    found.extend(below.take(usize::try_from(limit).unwrap().saturating_add(2)).map(|key| item(*key)));
                }
                let page = merged(found, limit, before.as_deref());
                seen.extend(page.items.iter().map(|item| item.get_text("sk").unwrap().to_owned()));
                match page.next {
                    Some(next) => before = Some(next),
                    None => break,
                }
            }
            let expected: Vec<_> = keys.iter().rev().map(|key| format!("{key:04}")).collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
