//! The table of payments that the provider has not decided: what the sweeper looks at, and what it has set aside.

use quoin_events::Timestamp;
use quoin_store::{Item, Key};

use crate::pace::Open;

/// Partitions, so that no one of them takes every write.
pub(crate) const SHARDS: u8 = 8;

/// The partition of the rows in `shard`.
pub(crate) fn partition(shard: u8) -> String {
    format!("open#{shard}")
}

/// All shards, from one of them on: a sweep that is cut short is not always cut short before the same ones.
pub(crate) fn shards(first: u64) -> impl Iterator<Item = u8> {
    let first = u8::try_from(first.checked_rem(u64::from(SHARDS)).unwrap_or(0)).unwrap_or(0);
    (first..SHARDS).chain(0..first)
}

fn shard(payment_id: &str) -> u8 {
    payment_id.bytes().fold(0_u8, u8::wrapping_add).checked_rem(SHARDS).unwrap_or(0)
}

/// The row of an open payment.
pub(crate) fn key(payment_id: &str) -> Key {
    Key::new(partition(shard(payment_id)), payment_id)
}

/// The row of a payment that is not asked about any more although it is undecided: people see to it.
pub(crate) fn aside_key(payment_id: &str) -> Key {
    Key::new(format!("undecided#{}", shard(payment_id)), payment_id)
}

/// The row of a payment that was initiated at `at` (RFC 3339).
pub(crate) fn row(payment_id: &str, at: &str) -> Item {
    let key = key(payment_id);
    Item::new().text("pk", key.pk).text("sk", key.sk).text("at", at)
}

/// The row of a payment that is set aside.
pub(crate) fn aside(open: &Open, now: Timestamp) -> Item {
    let key = aside_key(&open.payment_id);
    let row = Item::new().text("pk", key.pk).text("sk", key.sk).text("at", open.at.to_string());
    row.text("asked_at", now.to_string())
}

/// What a row tells.
pub(crate) fn read(row: &Item) -> Option<Open> {
    Some(Open {
        payment_id: row.get_text("sk")?.to_owned(),
        at: row.get_text("at")?.parse().ok()?,
        asked_at: row.get_text("asked_at").and_then(|at| at.parse().ok()),
    })
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

    #[test]
    fn a_sweep_may_begin_anywhere_and_passes_every_shard_once() {
        for first in 0..u64::from(SHARDS) * 2 {
            let mut swept: Vec<_> = shards(first).collect();
            assert_eq!(u64::from(swept[0]), first % u64::from(SHARDS));
            swept.sort_unstable();
            assert_eq!(swept, (0..SHARDS).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_row_reads_back() {
        let at = Timestamp::from_millis(1_000);
        let open = Open { payment_id: "pay_1".to_owned(), at, asked_at: None };
        assert_eq!(read(&row("pay_1", &at.to_string())), Some(open.clone()));
        let now = Timestamp::from_millis(9_000);
        assert_eq!(read(&aside(&open, now)), Some(Open { asked_at: Some(now), ..open }));
        assert_ne!(key("pay_1").pk, aside_key("pay_1").pk);
    }
}
