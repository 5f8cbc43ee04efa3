//! The rows of the service's own table, and their keys.
//!
//! `user#<user>`: `segment`, `loyalty`, `first-deposit`, `referral` (who referred this user).
//! `bonuses#<user>`, `referrals#<referrer>`: lists, oldest first. `wagering#<user>`: a row per bet.
//! `cashback#<user>`: what is set aside for the user, by when it is due. `cashback-due#<shard>`: the same of everybody.

use quoin_events::Timestamp;
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key};

/// Name of the table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("marketing")
}

fn of_user(user_id: &str, row: &str) -> Key {
    Key::new(format!("user#{user_id}"), row)
}

/// The user's language and country.
pub(crate) fn segment(user_id: &str) -> Key {
    of_user(user_id, "segment")
}

/// The user's points.
pub(crate) fn loyalty(user_id: &str) -> Key {
    of_user(user_id, "loyalty")
}

/// The deposit that was the user's first.
pub(crate) fn first_deposit(user_id: &str) -> Key {
    of_user(user_id, "first-deposit")
}

/// Who referred the user.
pub(crate) fn referral(user_id: &str) -> Key {
    of_user(user_id, "referral")
}

/// How much of a bet counts as wagered.
pub(crate) fn wagering(user_id: &str, bet_id: &str) -> Key {
    Key::new(format!("wagering#{user_id}"), bet_id)
}

/// Partition of the user's bonuses.
pub(crate) fn bonuses(user_id: &str) -> String {
    format!("bonuses#{user_id}")
}

/// Partition of those whom `referrer_id` brought.
pub(crate) fn referrals(referrer_id: &str) -> String {
    format!("referrals#{referrer_id}")
}

/// Partition of the cashback that is set aside for the user.
pub(crate) fn cashback_pending(user_id: &str) -> String {
    format!("cashback#{user_id}")
}

/// Partition of everybody's cashback in `shard`.
pub(crate) fn cashback_due(shard: u8) -> String {
    format!("cashback-due#{shard}")
}

/// What sorts after all keys of the moment and before those of the next.
pub(crate) fn until(moment: Timestamp) -> String {
    at(moment, "\u{10ffff}")
}

/// A sort key in order of time.
pub(crate) fn at(moment: Timestamp, id: &str) -> String {
    format!("{moment}#{id}")
}

/// An item that begins with `key`.
pub(crate) fn item(key: Key) -> Item {
    Item::new().text("pk", key.pk).text("sk", key.sk)
}
