//! How far each wallet has been verified, and where the next pass begins.

use quoin_runtime::{Env, Failure};
use quoin_store::{Item, Key};
use quoin_verify::Checkpoint;

/// The service's table.
const TABLE: &str = "verification";

fn key(user_id: &str) -> Key {
    Key::new(format!("wallet#{user_id}"), "checkpoint")
}

fn pass() -> Key {
    Key::new("pass", "wallets")
}

/// The checkpoints of `users`, in their order; the beginning where there is none, or none that can be read.
pub(crate) async fn of(env: &Env, users: &[&str]) -> Result<Vec<Checkpoint>, Failure> {
    let table = env.config.table(TABLE)?;
    let keys: Vec<_> = users.iter().map(|user_id| (table, key(user_id))).collect();
    let items = env.store.batch(&keys).await?;
    let read = |item: Option<Item>| {
        let checkpoint = item.and_then(|item| item.get_json("checkpoint").ok().flatten());
        checkpoint.unwrap_or_default()
    };
    Ok(items.into_iter().map(read).collect())
}

/// Keeps the checkpoint of `user_id`.
pub(crate) async fn keep(env: &Env, user_id: &str, checkpoint: &Checkpoint) -> Result<(), Failure> {
    let key = key(user_id);
    let item = Item::new().text("pk", key.pk).text("sk", key.sk).json("checkpoint", checkpoint)?;
    Ok(env.store.put(env.config.table(TABLE)?, item).await?)
}

/// The owner after whose wallet the pass goes on; `None` at the beginning.
pub(crate) async fn position(env: &Env) -> Result<Option<String>, Failure> {
    let item = env.store.get(env.config.table(TABLE)?, &pass(), true).await?;
    Ok(item.and_then(|item| item.get_text("after").map(str::to_owned)))
}

/// Goes on after the wallet of `after`, or begins anew.
pub(crate) async fn go_on(env: &Env, after: Option<&str>) -> Result<(), Failure> {
    let key = pass();
    let item = Item::new().text("pk", key.pk).text("sk", key.sk).text_opt("after", after);
    Ok(env.store.put(env.config.table(TABLE)?, item).await?)
}
