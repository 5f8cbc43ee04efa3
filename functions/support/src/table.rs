//! The rows of the service's own table, and their keys.
//!
//! `user#<user>`: what the user did and what was done for the user, by time. `order#<order>`: the view of an order.
//! The rows of the consumer in order are the runtime's.

use quoin_events::Timestamp;
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key};

/// Name of the table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("support")
}

/// Partition of a user's activity.
pub(crate) fn activity(user_id: &str) -> String {
    format!("user#{user_id}")
}

/// The view of an order.
pub(crate) fn order(order_id: &str) -> Key {
    Key::new(format!("order#{order_id}"), "view")
}

/// A sort key in order of time.
pub(crate) fn at(moment: Timestamp, id: &str) -> String {
    format!("{moment}#{id}")
}

/// What sorts after all keys of the moment and before those of the next.
pub(crate) fn until(moment: Timestamp) -> String {
    at(moment, "\u{10ffff}")
}

/// An item that begins with `key`.
pub(crate) fn item(key: Key) -> Item {
    Item::new().text("pk", key.pk).text("sk", key.sk)
}
