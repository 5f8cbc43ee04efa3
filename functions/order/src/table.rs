//! Keys of the order service's table, in one place, and those of the rows that it reads in others' tables.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `merchant#<merchant>` | `profile` | a merchant |
//! | `merchant#<merchant>` | `product#<product>` | a product and its price |
//! | `stock#<merchant>#<product>` | `<shard>` | what is left of a product, in 4 parts |
//! | `campaign#<CODE>` | `rule` | a campaign |
//! | `campaign-uses#<CODE>` | `<shard>` | uses left of a capped campaign, in 8 parts |
//! | `rules` | `order` | the five validations, as operators set them |
//! | `user#<user>` | `<placed at>#<order>` | list of a person's orders |
//! | `open#<shard>` | `<order>` | orders that the merchant has not decided |

use quoin_events::Timestamp;
use quoin_store::Key;

/// Name of the service's table.
pub(crate) const TABLE: &str = "order";
/// Name of the fraud service's table.
pub(crate) const FRAUD_TABLE: &str = "fraud";
/// Name of the reporting service's table.
pub(crate) const REPORTING_TABLE: &str = "reporting";
/// Parts of a product's stock, so that orders of one product do not all meet at one item.
pub(crate) const STOCK_SHARDS: u8 = 4;
/// Parts of a campaign's uses.
pub(crate) const USES_SHARDS: u8 = 8;
/// The attribute of a counter.
pub(crate) const LEFT: &str = "left";

/// What the sort keys of products begin with.
pub(crate) const PRODUCT_PREFIX: &str = "product#";

/// Partition of a merchant and its products.
pub(crate) fn merchant_pk(merchant_id: &str) -> String {
    format!("merchant#{merchant_id}")
}

pub(crate) fn merchant(merchant_id: &str) -> Key {
    Key::new(merchant_pk(merchant_id), "profile")
}

pub(crate) fn product(merchant_id: &str, product_id: &str) -> Key {
    Key::new(merchant_pk(merchant_id), format!("{PRODUCT_PREFIX}{product_id}"))
}

pub(crate) fn stock(merchant_id: &str, product_id: &str, shard: u8) -> Key {
    Key::new(format!("stock#{merchant_id}#{product_id}"), shard.to_string())
}

pub(crate) fn campaign(code: &str) -> Key {
    Key::new(format!("campaign#{code}"), "rule")
}

pub(crate) fn campaign_uses(code: &str, shard: u8) -> Key {
    Key::new(format!("campaign-uses#{code}"), shard.to_string())
}

pub(crate) fn rules() -> Key {
    Key::new("rules", "order")
}

/// Partition of a person's list of orders.
pub(crate) fn orders_pk(user_id: &str) -> String {
    format!("user#{user_id}")
}

/// A line of that list.
pub(crate) fn order_line(user_id: &str, placed_at: Timestamp, order_id: &str) -> Key {
    Key::new(orders_pk(user_id), format!("{placed_at}#{order_id}"))
}

/// The fraud service's mark of a person, in its table.
pub(crate) fn fraud_mark(user_id: &str) -> Key {
    Key::new(format!("user#{user_id}"), "mark")
}

/// A person's profile, in the users table.
pub(crate) fn person(user_id: &str) -> Key {
    Key::new(format!("user#{user_id}"), "profile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_sort_by_time() {
        let line = |at: i64| order_line("u", Timestamp::from_millis(at), "order_1").sk;
        assert!(line(1_767_521_825_123) < line(1_767_521_825_124));
        assert!(line(999) < line(1_767_521_825_123));
    }
}
