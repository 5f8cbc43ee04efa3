//! The rows of the service's own table, and their keys.
//!
//! `user#<user>`: `contact` and `preferences`. `notices#<user>`: what the person is told, by when it happened.
//! `message#<id of the provider>`: the notice that the provider knows by that id. `order#<order>`: its confirmation.

use quoin_events::Timestamp;
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key};

/// How long notices are listed: as long as copies of their events are kept.
const KEEP_SECONDS: i64 = 90 * 86_400;

/// Name of the table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("notification")
}

/// The person's contact points.
pub(crate) fn contact(user_id: &str) -> Key {
    Key::new(format!("user#{user_id}"), "contact")
}

/// The person's wishes.
pub(crate) fn preferences(user_id: &str) -> Key {
    Key::new(format!("user#{user_id}"), "preferences")
}

/// Partition of what a person was told.
pub(crate) fn notices(user_id: &str) -> String {
    format!("notices#{user_id}")
}

/// The notice `notice_id` about something that happened to the person at `moment`.
pub(crate) fn notice(user_id: &str, moment: Timestamp, notice_id: &str) -> Key {
    Key::new(notices(user_id), format!("{moment}#{notice_id}"))
}

/// The notice that the provider calls `message_id`.
pub(crate) fn message(message_id: &str) -> Key {
    Key::new(format!("message#{message_id}"), "notice")
}

/// The confirmation of an order.
pub(crate) fn confirmation(order_id: &str) -> Key {
    Key::new(format!("order#{order_id}"), "confirmation")
}

/// An item that begins with `key`.
pub(crate) fn item(key: Key) -> Item {
    Item::new().text("pk", key.pk).text("sk", key.sk)
}

/// When a row that was written at `moment` may go.
pub(crate) fn expires(moment: Timestamp) -> i64 {
    moment.plus_seconds(KEEP_SECONDS).seconds()
}
