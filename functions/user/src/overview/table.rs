//! Rows of the table of overviews, and what they hold.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `user#<user>` | `clan#<clan>` | a clan that they belong to, or have left |
//! | the same | `gig#<gig>` | a gig that they offer, or have done |
//! | the same | `given#<end>#<boost>` | a boost that they gave |
//! | the same | `received#<end>#<boost>` | a boost of their profile |
//! | `gig#<gig>`, `clan#<clan>` | `boosts` | the boosts that run on it, whoever gave them |
//! | `erased#<user>` | `erased` | that they were forgotten |

use quoin_boosts::Boost;
use quoin_events::types::TargetType;
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key, StoreError};

use super::Row;

/// A row as JSON.
pub(super) const ROW: &str = "row";
/// How often it was written.
pub(super) const VERSION: &str = "v";
/// When it is removed, in seconds.
pub(super) const EXPIRES: &str = "expires";

const OF_USER: &str = "user#";
pub(crate) const GIVEN: &str = "given#";

/// The table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("user-overviews")
}

/// The partition of a person.
pub(crate) fn user(user_id: &str) -> String {
    format!("{OF_USER}{user_id}")
}

/// The person whose partition a key is in.
pub(super) fn user_of(key: &Key) -> Option<&str> {
    key.pk.strip_prefix(OF_USER)
}

/// A gig of a person's.
pub(super) fn gig(user_id: &str, gig_id: &str) -> Key {
    Key::new(user(user_id), format!("gig#{gig_id}"))
}

/// A clan of a person's.
pub(super) fn clan(user_id: &str, clan_id: &str) -> Key {
    Key::new(user(user_id), format!("clan#{clan_id}"))
}

/// A boost, at who gave it. Texts of moments sort as the moments do.
pub(super) fn given(boost: &Boost) -> Key {
    Key::new(user(&boost.user_id), format!("{GIVEN}{}#{}", boost.until(), boost.event_id))
}

/// A boost of a profile, at whose it is.
pub(super) fn received(boost: &Boost) -> Key {
    Key::new(user(&boost.target_id), format!("received#{}#{}", boost.until(), boost.event_id))
}

/// What runs on a gig or a clan.
pub(crate) fn runs(target: TargetType, target_id: &str) -> Key {
    Key::new(format!("{}#{target_id}", target.as_str()), "boosts")
}

/// That a person was forgotten.
pub(super) fn erased(user_id: &str) -> Key {
    Key::new(format!("erased#{user_id}"), "erased")
}

/// The row of an item.
///
/// # Errors
/// If it is none.
pub(crate) fn read(item: &Item) -> Result<Row, StoreError> {
    item.require_json(ROW)
}

/// Whether an item is over at `seconds`; the table removes it only some days after.
pub(crate) fn is_over(item: &Item, seconds: i64) -> bool {
    item.get_number(EXPIRES).is_some_and(|expires| expires <= seconds)
}
