//! Rows of who was forgotten. The mark is put **first**, and then the rows are looked for: whoever writes one meanwhile
//! looks for the mark afterwards, so one of the two sees the other. The mark stays.

use quoin_runtime::{Context, Env, Failure};
use quoin_store::{Commit, Item, Key, Query};

use super::table;

/// Rows of one transaction.
const PAGE: u32 = 100;

/// Removes everything of `user_id`, for good; false if that had been done.
///
/// # Errors
/// Those of the store.
pub(crate) async fn forget(env: &Env, context: &Context, user_id: &str) -> Result<bool, Failure> {
    let key = table::erased(user_id);
    let is_new = env.store.put_new(table::name(env)?, Item::new().text("pk", key.pk).text("sk", key.sk)).await?;
    let removed = remove(env, context, user_id).await?;
    Ok(is_new || removed)
}

/// Removes the rows of `user_id`; false if there are none.
pub(super) async fn remove(env: &Env, context: &Context, user_id: &str) -> Result<bool, Failure> {
    let (name, mut removed) = (table::name(env)?, false);
    loop {
        let page = env.store.query(name, Query::of(table::user(user_id)).limit(PAGE).consistent()).await?;
        if page.items.is_empty() {
            return Ok(removed);
        }
        let mut commit = Commit::new();
        for item in &page.items {
            commit = commit.delete(name, Key::new(item.require_text("pk")?, item.require_text("sk")?));
        }
        env.store.commit(commit, &context.origin).await?;
        removed = true;
    }
}
