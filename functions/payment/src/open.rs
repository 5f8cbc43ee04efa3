//! The table of payments that are still open: what the sweeper looks at.

use quoin_store::{Item, Key};

/// Partitions, so that no one of them takes every write.
pub(crate) const SHARDS: u8 = 8;

/// The partition of the rows in `shard`.
pub(crate) fn partition(shard: u8) -> String {
    format!("open#{shard}")
}

/// The row of an open payment.
pub(crate) fn key(payment_id: &str) -> Key {
    let shard = payment_id.bytes().fold(0_u8, u8::wrapping_add).checked_rem(SHARDS).unwrap_or(0);
    Key::new(partition(shard), payment_id)
}

/// The row of a payment that was initiated at `at` (RFC 3339).
pub(crate) fn row(payment_id: &str, at: &str) -> Item {
    let key = key(payment_id);
    Item::new().text("pk", key.pk).text("sk", key.sk).text("at", at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_a_partition_that_is_swept() {
        let swept: Vec<_> = (0..SHARDS).map(partition).collect();
        for id in ["", "pay_00", "pay_01", "pay_ff", "pay_a7"] {
            assert!(swept.contains(&key(id).pk), "{id}");
        }
        assert_ne!(key("pay_00").pk, key("pay_01").pk);
    }
}
