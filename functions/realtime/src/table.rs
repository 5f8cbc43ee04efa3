//! The rows of the service's own table, and their keys.
//!
//! `ticket#<hash>`: a ticket that nobody took yet. `connection#<id>`: `connection` (whose it is, how many subscriptions it
//! has) and `channel#<channel>` for each. `channel#<channel>#<shard>`: the connections that subscribe to a channel.
//! `latest#<channel>`: by key, what went out last. All of them expire.

use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key};

use crate::channel::Channel;

/// Name of the table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("connections")
}

/// The ticket whose hash is `hash`.
pub(crate) fn ticket(hash: &str) -> Key {
    Key::new(format!("ticket#{hash}"), "ticket")
}

/// Partition of everything about a connection.
pub(crate) fn of_connection(connection_id: &str) -> String {
    format!("connection#{connection_id}")
}

/// A connection.
pub(crate) fn connection(connection_id: &str) -> Key {
    Key::new(of_connection(connection_id), "connection")
}

/// What the sort keys of a connection's subscriptions begin with.
pub(crate) const SUBSCRIBED: &str = "channel#";

/// That a connection subscribes to a channel, as it is found by the connection.
pub(crate) fn subscribed(connection_id: &str, channel: &Channel) -> Key {
    Key::new(of_connection(connection_id), format!("{SUBSCRIBED}{channel}"))
}

/// Partition of a shard of those who subscribe to a channel.
pub(crate) fn subscribers(channel: &Channel, shard: u8) -> String {
    format!("channel#{channel}#{shard}")
}

/// That a connection subscribes to a channel, as it is found by the channel.
pub(crate) fn subscriber(channel: &Channel, connection_id: &str) -> Key {
    Key::new(subscribers(channel, channel.shard(connection_id)), connection_id)
}

/// What went out last on a channel under a key.
pub(crate) fn latest(channel: &Channel, key: &str) -> Key {
    Key::new(format!("latest#{channel}"), key)
}

/// An item that begins with `key`.
pub(crate) fn item(key: Key) -> Item {
    Item::new().text("pk", key.pk).text("sk", key.sk)
}
