//! The table of payments that the provider has not decided: what the sweeper looks at, and what it has set aside.

use quoin_events::Timestamp;
use quoin_runtime::open_key;
use quoin_store::{Item, Key};

use crate::pace::Open;

/// The row of a payment that is not asked about any more although it is undecided: people see to it.
pub(crate) fn aside_key(payment_id: &str) -> Key {
    let open = open_key(payment_id);
    Key::new(open.pk.replace("open", "undecided"), open.sk)
}

/// The row of a payment that was initiated at `at` (RFC 3339).
pub(crate) fn row(payment_id: &str, at: &str) -> Item {
    let key = open_key(payment_id);
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
    fn the_verification_reads_every_partition_of_open_rows() {
        let read: std::collections::BTreeSet<_> = quoin_verify::open_payments().collect();
        let kept: std::collections::BTreeSet<_> =
            (0..=u8::MAX).map(|byte| open_key(&format!("{byte:02x}")).pk).collect();
        assert_eq!(read, kept);
    }

    #[test]
    fn a_row_reads_back() {
        let at = Timestamp::from_millis(1_000);
        let open = Open { payment_id: "pay_1".to_owned(), at, asked_at: None };
        assert_eq!(read(&row("pay_1", &at.to_string())), Some(open.clone()));
        let now = Timestamp::from_millis(9_000);
        assert_eq!(read(&aside(&open, now)), Some(Open { asked_at: Some(now), ..open }));
        assert_ne!(open_key("pay_1").pk, aside_key("pay_1").pk);
    }
}
