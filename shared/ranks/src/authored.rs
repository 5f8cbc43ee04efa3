//! What somebody wrote, and its removal once they were forgotten. Texts are in the clear in rows alone: in streams and
//! events they are sealed under their author's key.
//!
//! The mark of who was forgotten is put **first**, and then what they wrote is looked for. Whoever writes looks for the
//! mark afterwards, so one of the two sees the other. The mark stays.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `by#<author>` | the id | something that they wrote |
//! | `erased#<author>` | `erased` | they were forgotten |

use quoin_events::Origin;
use quoin_store::{Item, Key, Query, Store, StoreError};

use crate::{Listed, Row};

/// Rows of a page.
const PAGE: u32 = 100;
/// Tries to write a row that others write to.
const TRIES: u32 = 10;

fn pk(author: &str) -> String {
    format!("by#{author}")
}

fn mark(author: &str) -> Key {
    Key::new(format!("erased#{author}"), "erased")
}

/// By which it is found that its author wrote `entity`.
pub(crate) fn row<T: Listed>(entity: &T) -> Item {
    Item::new().text("pk", pk(entity.author())).text("sk", entity.id())
}

impl<T: Listed> Row<T> {
    /// Removes what `author` wrote from the rows of `table`, for good; false if that had been done.
    ///
    /// # Errors
    /// The classes of every request, and contention.
    pub async fn forget(store: &Store, table: &str, origin: &Origin, author: &str) -> Result<bool, StoreError> {
        let key = mark(author);
        let mut is_new = store.put_new(table, Item::new().text("pk", key.pk).text("sk", key.sk)).await?;
        let mut after = None;
        loop {
            let query = Query::of(pk(author)).limit(PAGE).after(after.take()).consistent();
            let page = store.query(table, query).await?;
            for item in &page.items {
                is_new |= Self::clear(store, table, origin, item.require_text("sk")?).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(is_new);
            }
        }
    }

    /// Removes what the author of `entity`, which has just been written, wrote in it if they were forgotten meanwhile.
    ///
    /// # Errors
    /// The classes of every request, and contention.
    pub async fn forgotten(store: &Store, table: &str, origin: &Origin, entity: &T) -> Result<(), StoreError> {
        if store.get(table, &mark(entity.author()), true).await?.is_some() {
            Self::clear(store, table, origin, entity.id()).await?;
        }
        Ok(())
    }

    /// Removes what its author wrote from the row of `id`; false if nothing of it is there.
    async fn clear(store: &Store, table: &str, origin: &Origin, id: &str) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let Some(row) = Self::find(store, table, id).await? else { return Ok(false) };
            let next = row.entity.without_author();
            if next == row.entity {
                return Ok(false);
            }
            match store.commit(row.changed(table, next, row.boosted)?, origin).await {
                Ok(()) => return Ok(true),
                Err(StoreError::Lost(_) | StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }
}
