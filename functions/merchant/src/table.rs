//! The rows of the service's own table, and their keys.
//!
//! `order#<order>`: what is known of an order. `orders#<merchant>`: the same as a list, by the moment of the payment.
//! Both expire with the copies of the event that the order came to.
//! `totals#<merchant>#<day>`: orders of a day, a row per shard. `rates#<merchant>`: commission rates, by the moment
//! from which they hold. `commissions#<merchant>#<month>`: a row per order. `commission-totals#<merchant>#<month>`:
//! their sums.

use quoin_events::Timestamp;
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key};

/// How many rows sums are spread over: writers of one row at once cancel each other.
const SHARDS: u64 = 8;

/// Name of the table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("merchant")
}

/// What is known of an order.
pub(crate) fn order(order_id: &str) -> Key {
    Key::new(format!("order#{order_id}"), "order")
}

/// Partition of a merchant's orders.
pub(crate) fn orders_pk(merchant_id: &str) -> String {
    format!("orders#{merchant_id}")
}

/// An order in its merchant's list.
pub(crate) fn listed(merchant_id: &str, at: Timestamp, order_id: &str) -> Key {
    Key::new(orders_pk(merchant_id), format!("{at}#{order_id}"))
}

/// Partition of the sums of a merchant's day.
pub(crate) fn totals_pk(merchant_id: &str, day: &str) -> String {
    format!("totals#{merchant_id}#{day}")
}

/// Partition of a merchant's rates.
pub(crate) fn rates_pk(merchant_id: &str) -> String {
    format!("rates#{merchant_id}")
}

/// Partition of the commissions of a month.
pub(crate) fn commissions_pk(merchant_id: &str, month: &str) -> String {
    format!("commissions#{merchant_id}#{month}")
}

/// Partition of the sums of a month's commissions.
pub(crate) fn commission_totals_pk(merchant_id: &str, month: &str) -> String {
    format!("commission-totals#{merchant_id}#{month}")
}

/// One of the shards of the sums in `pk`.
pub(crate) fn shard(env: &Env, pk: String) -> Key {
    Key::new(pk, env.clock.random_below(SHARDS).to_string())
}

/// The month of a moment, `2026-01`.
pub(crate) fn month(at: Timestamp) -> String {
    at.day().chars().take(7).collect()
}

/// An item that begins with `key`.
pub(crate) fn item(key: Key) -> Item {
    Item::new().text("pk", key.pk).text("sk", key.sk)
}
