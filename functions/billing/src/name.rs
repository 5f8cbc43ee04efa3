//! The name of an account's owner, as the profile has it: sealed.

use quoin_events::Sealed;
use quoin_runtime::{Env, Failure};
use quoin_store::Key;
use serde::Deserialize;

/// What an invoice needs of a profile.
#[derive(Deserialize)]
struct Profile {
    full_name: Sealed,
}

/// The sealed name of `user_id`; `None` if there is no such account any more.
///
/// # Errors
/// Transient, if the profile cannot be read.
pub(crate) async fn of(env: &Env, user_id: &str) -> Result<Option<Sealed>, Failure> {
    // The profile is the identity service's: it is looked at, never written.
    let table = env.config.require("USERS_TABLE")?;
    let row = env.store.get(table, &Key::new(format!("user#{user_id}"), "profile"), true).await?;
    let profile = row.map(|row| row.require_json::<Profile>("user")).transpose()?;
    Ok(profile.map(|profile| profile.full_name))
}
