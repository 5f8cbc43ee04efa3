//! What an order's events say to the person who ordered. Prices and totals of an order are the operating currency's,
//! whichever assets paid them.

use quoin_events::types::{Money, OrderCreated, OrderFailed, OrderFailureStage, OrderItem, WalletRefunded};
use quoin_events::{Sealed, Timestamp};
use quoin_money::{Amount, Asset};

use crate::facts::{Fact, Value, money, text};

/// The template of a confirmation.
pub(crate) const CONFIRMED: &str = "order_confirmed";
/// The most characters of a tracking link; a longer one is no link that a message can hold.
const MAX_LINK: usize = 500;

/// The merchant has the order.
pub(crate) fn created(order: OrderCreated) -> Fact {
    let (pricing, address) = (order.pricing, order.delivery.address);
    let discount = if pricing.discount.is_zero() { text("") } else { cash(pricing.discount) };
    let values = vec![
        ("order_id", text(&order.order_id)),
        ("merchant", text(order.merchant_name)),
        ("lines", Value::List(order.items.into_iter().map(line).collect())),
        ("subtotal", cash(pricing.subtotal)),
        ("discount", discount),
        ("campaign", text(order.campaign.map(|campaign| campaign.code).unwrap_or_default())),
        ("delivery_fee", cash(pricing.delivery_fee)),
        ("total", cash(pricing.total)),
        ("recipient", sealed(order.user_name)),
        ("line1", sealed(address.line1)),
        ("city", sealed(address.city)),
        ("pincode", sealed(address.pincode)),
        ("estimated_delivery", text(order.delivery.estimated_delivery.and_then(|at| moment(&at)).unwrap_or_default())),
        (
            "tracking",
            text(order.external_references.bizone_tracking_url.filter(|url| is_link(url)).unwrap_or_default()),
        ),
    ];
    Fact { user_id: order.user_id, template: CONFIRMED, values, order_id: Some(order.order_id) }
}

fn line(item: OrderItem) -> Vec<(&'static str, Value)> {
    vec![
        ("product", text(item.product_name)),
        ("quantity", text(item.quantity.to_string())),
        ("unit_price", cash(item.unit_price)),
        ("total", cash(item.total)),
    ]
}

/// An order came to nothing: refused at once, or given up after it was paid.
pub(crate) fn failed(order: OrderFailed) -> Fact {
    let template = match order.failure_stage {
        OrderFailureStage::Validation | OrderFailureStage::WalletDebit => "order_refused",
        OrderFailureStage::Merchant => "order_failed",
    };
    let known = |amount: Option<Amount>| amount.map_or_else(|| text(""), cash);
    let is_short = order.amount_required.is_some() && order.amount_available.is_some();
    let values = vec![
        ("order_id", text(&order.order_id)),
        ("merchant", text("")),
        ("value", cash(order.order_value)),
        ("reason", Value::Reason(order.failure_reason)),
        ("required", known(order.amount_required.filter(|_| is_short))),
        ("available", known(order.amount_available.filter(|_| is_short))),
    ];
    Fact { user_id: order.user_id, template, values, order_id: Some(order.order_id) }
}

/// What an order took came back.
pub(crate) fn refunded(refund: WalletRefunded) -> Fact {
    let parts = refund.refund_breakdown.into_iter().map(|part| Money { amount: part.amount, asset: part.coin_type });
    let values = vec![
        ("order_id", text(&refund.original_order_id)),
        ("merchant", text("")),
        ("amounts", Value::Monies(parts.collect())),
    ];
    let order_id = Some(refund.original_order_id);
    Fact { user_id: refund.user_id, template: "order_refunded", values, order_id }
}

const fn cash(amount: Amount) -> Value {
    money(amount, Asset::Cash)
}

const fn sealed(field: Sealed) -> Value {
    Value::Sealed(field)
}

/// A merchant's moment as people read it, the same in every language; nothing if it is not one.
fn moment(at: &str) -> Option<String> {
    let at: Timestamp = at.parse().ok()?;
    let text = at.to_string();
    let time = text.get(11..16)?;
    Some(format!("{}, {time} UTC", at.day()))
}

// The merchant's own words: only what is a link and nothing else is passed on.
fn is_link(url: &str) -> bool {
    url.starts_with("https://") && url.len() <= MAX_LINK && url.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_is_passed_on_as_one() {
        assert!(is_link("https://bizone.com/track/BZN_ORD_5678"));
        for url in ["javascript:alert(1)", "http://bizone.com", "https://a b", "https://a\nb", ""] {
            assert!(!is_link(url), "{url}");
        }
    }

    #[test]
    fn a_moment_is_written_without_its_seconds() {
        assert_eq!(moment("2026-01-04T14:00:00+02:00").as_deref(), Some("2026-01-04, 12:00 UTC"));
        assert_eq!(moment("tomorrow"), None);
    }
}
