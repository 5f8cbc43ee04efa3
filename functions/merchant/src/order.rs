//! An order as a merchant's dashboard knows it: what its events say, put together. Putting together is commutative and
//! idempotent, so neither the order of arrival nor a second delivery changes what comes of it.

use quoin_events::types::{OrderCreated, OrderFailed, OrderFailureReason, OrderFailureStage, OrderItem, OrderPaid};
use quoin_events::{Envelope, EventData, Timestamp, event_type};
use quoin_money::Amount;
use quoin_runtime::Failure;
use serde::{Deserialize, Serialize};

const DAY_SECONDS: i64 = 86_400;

/// How far a paid order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MerchantOrderStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The merchant has not confirmed it yet.
    Paid,
    /// The merchant has it.
    Created,
    /// It came to nothing after it was paid; the money was given back.
    Failed,
}

/// An order as its merchant sees it; nothing of it is about the person who ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MerchantOrder"))]
pub(crate) struct Order {
    /// The order.
    pub(crate) order_id: String,
    /// How far it is.
    pub(crate) status: Status,
    /// What was paid for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<Amount>,
    /// What was ordered; known once the merchant has confirmed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<OrderItem>,
    /// What the merchant calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bizone_order_id: Option<String>,
    /// Why it came to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure_reason: Option<OrderFailureReason>,
    /// When it was paid.
    pub(crate) placed_at: Timestamp,
    /// When it became what it is.
    pub(crate) updated_at: Timestamp,
}

/// An order with what tells which of two events is the later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) merchant_id: String,
    pub(crate) order: Order,
    /// Sequences of the first and of the latest event that is known.
    first: u64,
    latest: u64,
}

/// Days for which copies of an event are kept.
fn kept_days(event: &str) -> i64 {
    i64::from(event_type(event).map_or(0, |known| known.retention_days))
}

/// Whether the rows that `event` had left could have expired by `now`, so that it would be counted again; a day is more
/// than clocks are wrong by.
pub(crate) fn is_too_old(event: &str, at: Timestamp, now: Timestamp) -> bool {
    now > at.plus_seconds(kept_days(event).saturating_sub(1).saturating_mul(DAY_SECONDS))
}

/// What `event` says of an order; `None` if it concerns no merchant.
///
/// # Errors
/// Poison, if it cannot be read or has no place.
pub(crate) fn said(event: &Envelope) -> Result<Option<Known>, Failure> {
    let unreadable =
        |error: serde_json::Error| Failure::poison(format!("the data of {} cannot be read: {error}", event.event));
    let at = || -> Result<Timestamp, Failure> {
        event.timestamp.parse().map_err(|error| Failure::poison(format!("the timestamp of {} {error}", event.event)))
    };
    let order = |order_id: String, status: Status, amount: Option<Amount>| -> Result<Order, Failure> {
        let at = at()?;
        Ok(Order {
            order_id,
            status,
            amount,
            items: Vec::new(),
            bizone_order_id: None,
            failure_reason: None,
            placed_at: at,
            updated_at: at,
        })
    };
    let (merchant_id, order) = match event.event.as_str() {
        OrderPaid::NAME => {
            let paid: OrderPaid = event.data().map_err(unreadable)?;
            (paid.merchant_id, order(paid.order_id, Status::Paid, Some(paid.amount))?)
        }
        OrderCreated::NAME => {
            let created: OrderCreated = event.data().map_err(unreadable)?;
            let order = order(created.order_id, Status::Created, Some(created.pricing.total))?;
            let bizone_order_id = Some(created.external_references.bizone_order_id);
            (created.merchant_id, Order { items: created.items, bizone_order_id, ..order })
        }
        OrderFailed::NAME => {
            let failed: OrderFailed = event.data().map_err(unreadable)?;
            if failed.failure_stage != OrderFailureStage::Merchant {
                return Ok(None);
            }
            let order = order(failed.order_id, Status::Failed, None)?;
            (failed.merchant_id, Order { failure_reason: Some(failed.failure_reason), ..order })
        }
        _ => return Ok(None),
    };
    let sequence =
        event.metadata.sequence.ok_or_else(|| Failure::poison(format!("{} has no sequence", event.event)))?;
    Ok(Some(Known { merchant_id, order, first: sequence, latest: sequence }))
}

impl Known {
    /// What is known with `other` too.
    pub(crate) fn and(self, other: Self) -> Self {
        let (early, late) = if self.latest <= other.latest { (self, other) } else { (other, self) };
        let (first, placed_at) = (early.first, early.order.placed_at).min((late.first, late.order.placed_at));
        let order = Order {
            amount: late.order.amount.or(early.order.amount),
            items: if late.order.items.is_empty() { early.order.items } else { late.order.items },
            bizone_order_id: late.order.bizone_order_id.or(early.order.bizone_order_id),
            failure_reason: late.order.failure_reason.or(early.order.failure_reason),
            placed_at,
            ..late.order
        };
        Self { order, first, ..late }
    }

    /// When the rows of it expire, in seconds: with the copies of what it came to. One that is open is kept for as long
    /// as one that is final.
    pub(crate) fn expires(&self) -> i64 {
        let days = match self.order.status {
            Status::Paid | Status::Created => kept_days(OrderCreated::NAME),
            Status::Failed => kept_days(OrderFailed::NAME),
        };
        self.order.updated_at.plus_seconds(days.saturating_mul(DAY_SECONDS)).seconds()
    }

    /// What the order adds to the sums of its day: nothing once it has failed.
    pub(crate) fn counts(&self) -> Option<(String, Amount)> {
        let amount = match self.order.status {
            Status::Paid | Status::Created => self.order.amount,
            Status::Failed => None,
        };
        amount.map(|amount| (self.order.placed_at.day(), amount))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(name: &str, sequence: u64, second: u32, data: &str) -> Envelope {
        let text = format!(
            r#"{{"event":"{name}","version":"1.0","timestamp":"2026-01-04T23:59:{second}.000Z","data":{data},
                "metadata":{{"source":"order-service","request_id":"r","event_id":"e{sequence}",
                "entity":{{"type":"order","id":"o"}},"sequence":{sequence}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn paid() -> Envelope {
        let data = r#"{"order_id":"o","user_id":"u","merchant_id":"m","amount":450,"payment_method":"wallet",
            "payment_breakdown":[],"discount_applied":0}"#;
        event("order.paid", 6, 10, data)
    }

    const SEALED: &str = "enc:v1:VFRem60o0cYRgBnB6sUwfd0PWyNXuSJpGS9jAzJfsTW2AjFg";

    fn created() -> Envelope {
        let data = r#"{"order_id":"o","user_id":"u","user_name":"SEALED","merchant_id":"m","merchant_name":"M",
            "merchant_company":"b","status":"created",
            "items":[{"product_id":"p","product_name":"Apples","quantity":2,"unit_price":225,"total":450}],
            "pricing":{"subtotal":450,"discount":0,"delivery_fee":0,"total":450},
            "payment":{"method":"wallet","status":"paid","transaction_ids":[]},
            "delivery":{"address":{"line1":"SEALED","city":"SEALED","pincode":"SEALED"}},
            "external_references":{"bizone_order_id":"BZN"},"created_at":"2026-01-04T23:59:20.000Z"}"#;
        event("order.created", 8, 20, &data.replace("SEALED", SEALED))
    }

    fn failed(stage: &str) -> Envelope {
        let data = format!(
            r#"{{"order_id":"o","user_id":"u","merchant_id":"m","failure_reason":"MERCHANT_REJECTED",
                "failure_stage":"{stage}","order_value":500,"rollback_completed":true}}"#
        );
        event("order.failed", 8, 30, &data)
    }

    fn together(events: &[Envelope]) -> Known {
        events.iter().map(|event| said(event).unwrap().unwrap()).reduce(Known::and).unwrap()
    }

    #[test]
    fn a_confirmed_order_is_shown_with_what_it_holds_and_nothing_of_the_person() {
        let known = together(&[paid(), created()]);
        assert_eq!((known.order.status, known.order.items.len()), (Status::Created, 1));
        assert_eq!(known.order.placed_at.to_string(), "2026-01-04T23:59:10.000Z");
        assert_eq!(known.counts().unwrap().1.to_string(), "450");
        let stored = serde_json::to_string(&known).unwrap();
        assert!(!stored.contains("enc:") && !stored.contains(r#""u""#), "{stored}");
    }

    #[test]
    fn a_failed_order_keeps_its_amount_and_counts_for_nothing() {
        let known = together(&[paid(), failed("merchant")]);
        assert_eq!(known.order.status, Status::Failed);
        assert_eq!(known.order.amount.unwrap().to_string(), "450");
        assert_eq!(known.counts(), None);
    }

    #[test]
    fn the_rows_of_an_order_expire_with_the_copies_of_what_it_came_to() {
        let days = |events: &[Envelope]| {
            let known = together(events);
            (known.expires() - known.order.updated_at.seconds()) / DAY_SECONDS
        };
        assert_eq!(days(&[paid()]), 365);
        assert_eq!(days(&[paid(), created()]), 365);
        assert_eq!(days(&[paid(), failed("merchant")]), 90);
    }

    #[test]
    fn an_event_is_recognised_for_as_long_as_it_would_be_counted() {
        let at = Timestamp::from_millis(0);
        for event in [paid(), created(), failed("merchant")] {
            let known = together(std::slice::from_ref(&event));
            let placed = known.order.updated_at;
            let last = Timestamp::from_millis(known.expires() * 1_000);
            assert!(is_too_old(&event.event, placed, last), "{}", event.event);
        }
        assert!(!is_too_old("order.paid", at, at.plus_seconds(89 * DAY_SECONDS)));
        assert!(is_too_old("order.paid", at, at.plus_seconds(89 * DAY_SECONDS + 1)));
    }

    #[test]
    fn what_was_never_paid_is_not_the_merchants_matter() {
        assert_eq!(said(&failed("validation")).unwrap(), None);
        assert_eq!(said(&failed("wallet_debit")).unwrap(), None);
    }

    proptest! {
        #[test]
        fn neither_the_order_of_arrival_nor_duplicates_change_what_is_known(
            is_created in any::<bool>(), order in proptest::collection::vec(any::<prop::sample::Index>(), 0..6)
        ) {
            let events = [paid(), if is_created { created() } else { failed("merchant") }];
            let expected = together(&events);
            let mut arriving: Vec<_> = order.iter().map(|index| events[index.index(2)].clone()).collect();
            arriving.extend(events.iter().rev().cloned());
            prop_assert_eq!(together(&arriving), expected);
        }
    }
}
