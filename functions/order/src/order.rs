//! An order as its stream knows it, and the events that tell of it.

use std::collections::BTreeSet;

use quoin_events::Timestamp;
use quoin_events::types::{
    BizoneOrderCreated, ExternalReferences, MerchantStanding, OrderCampaign, OrderCreated, OrderDelivery, OrderFailed,
    OrderFailureReason, OrderInitiated, OrderItem, OrderPaid, OrderPayment, OrderPricing, OrderStanding, PaymentMethod,
    PaymentPart, PaymentStanding, SealedAddress,
};
use quoin_events::{EntityRef, Sealed};
use quoin_ledger::Lot;
use quoin_money::{Amount, Asset};
use quoin_store::Stream;
use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Paid; the merchant has not confirmed it yet.
    Paid,
    /// Confirmed by the merchant.
    Created,
    /// It came to nothing; no money is taken, or all of it is given back.
    Failed,
}

/// The state of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) order_id: String,
    pub(crate) user_id: String,
    pub(crate) status: Status,
    /// Correlation of the request that it came with, for everything that is said of it later.
    pub(crate) request_id: String,
    pub(crate) idempotency_key: String,
    pub(crate) session_id: String,
    pub(crate) user_name: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_phone: Option<Sealed>,
    pub(crate) merchant_id: String,
    pub(crate) merchant_name: String,
    pub(crate) merchant_company: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) pricing: OrderPricing,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) campaign: Option<Campaign>,
    /// What was taken from the wallet, per asset in the order in which it was taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) payment: Vec<Part>,
    pub(crate) address: SealedAddress,
    /// Where it goes, for rules and figures.
    pub(crate) delivery_pincode: String,
    pub(crate) placed_at: Timestamp,
    /// What the merchant was asked and said.
    #[serde(default)]
    pub(crate) fulfilment: Fulfilment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// When it became final or came to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<Timestamp>,
}

/// One product of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) item: OrderItem,
    /// The line's part of the order's discount.
    pub(crate) discount: Amount,
    /// Where its stock was taken from, so that a refund puts it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) taken: Vec<Taken>,
}

/// Stock taken from one shard of a product's counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) shard: u8,
    pub(crate) quantity: u32,
}

/// The campaign that an order was placed under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Campaign {
    pub(crate) code: String,
    pub(crate) campaign_id: String,
    /// The shard of the campaign's counter that its use was taken from, if its uses are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uses_shard: Option<u8>,
}

/// What was taken in one asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) asset: Asset,
    pub(crate) amount: Amount,
    pub(crate) transaction_id: String,
    /// The bound parts of it: a refund restores their merchant and their end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lots: Vec<Lot>,
}

/// The merchant's part of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Fulfilment {
    /// How often the merchant was asked to take the order; recorded before each call.
    pub(crate) attempts: u32,
    /// The attempts that the merchant may have received: while there are any, only its own word ends the order.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) maybe_received: BTreeSet<u32>,
    /// Whether there are no more attempts: the merchant is asked to let it be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) given_up: bool,
    /// What the merchant confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confirmation: Option<Confirmation>,
}

/// The merchant's word that it has the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    pub(crate) bizone_order_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) estimated_delivery: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tracking_url: Option<String>,
}

/// Why an order came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) reason: OrderFailureReason,
    /// What was to be paid and what could have been, where the wallet refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) required: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) available: Option<Amount>,
}

impl Order {
    /// The stream of the order `order_id`.
    pub(crate) fn stream(order_id: &str) -> Stream {
        Stream::new("order", order_id)
    }

    /// The order as what wallets' lines belong to.
    pub(crate) fn entity(&self) -> EntityRef {
        EntityRef { kind: "order".to_owned(), id: self.order_id.clone() }
    }

    fn items_count(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX)
    }

    /// That it was written down.
    pub(crate) fn initiated(&self) -> OrderInitiated {
        OrderInitiated {
            order_id: self.order_id.clone(),
            user_id: self.user_id.clone(),
            merchant_id: self.merchant_id.clone(),
            merchant_name: self.merchant_name.clone(),
            merchant_company: self.merchant_company.clone(),
            order_value: self.pricing.subtotal,
            discount: self.pricing.discount,
            final_amount: self.pricing.total,
            campaign_code: self.campaign.as_ref().map(|campaign| campaign.code.clone()),
            campaign_id: self.campaign.as_ref().map(|campaign| campaign.campaign_id.clone()),
            items_count: self.items_count(),
            delivery_pincode: self.delivery_pincode.clone(),
        }
    }

    /// That it was paid.
    pub(crate) fn paid(&self) -> OrderPaid {
        let part = |part: &Part| PaymentPart {
            kind: part.asset,
            amount: part.amount,
            transaction_id: part.transaction_id.clone(),
        };
        OrderPaid {
            order_id: self.order_id.clone(),
            user_id: self.user_id.clone(),
            merchant_id: self.merchant_id.clone(),
            amount: self.pricing.total,
            payment_method: PaymentMethod::Wallet,
            payment_breakdown: self.payment.iter().map(part).collect(),
            campaign_code: self.campaign.as_ref().map(|campaign| campaign.code.clone()),
            discount_applied: self.pricing.discount,
        }
    }

    /// That the merchant took it.
    pub(crate) fn confirmed(&self, confirmation: &Confirmation) -> BizoneOrderCreated {
        BizoneOrderCreated {
            rabtul_order_id: self.order_id.clone(),
            bizone_order_id: confirmation.bizone_order_id.clone(),
            merchant_id: self.merchant_id.clone(),
            status: MerchantStanding::Confirmed,
            estimated_delivery: confirmation.estimated_delivery.clone(),
            tracking_url: confirmation.tracking_url.clone(),
            items_count: self.items_count(),
            total_amount: self.pricing.total,
        }
    }

    /// That it is final.
    pub(crate) fn created(&self, confirmation: &Confirmation, at: Timestamp) -> OrderCreated {
        OrderCreated {
            order_id: self.order_id.clone(),
            user_id: self.user_id.clone(),
            user_name: self.user_name.clone(),
            user_phone: self.user_phone.clone(),
            merchant_id: self.merchant_id.clone(),
            merchant_name: self.merchant_name.clone(),
            merchant_company: self.merchant_company.clone(),
            status: OrderStanding::Created,
            items: self.lines.iter().map(|line| line.item.clone()).collect(),
            pricing: self.pricing.clone(),
            payment: OrderPayment {
                method: PaymentMethod::Wallet,
                status: PaymentStanding::Paid,
                transaction_ids: self.payment.iter().map(|part| part.transaction_id.clone()).collect(),
            },
            delivery: OrderDelivery {
                address: self.address.clone(),
                estimated_delivery: confirmation.estimated_delivery.clone(),
            },
            external_references: ExternalReferences {
                bizone_order_id: confirmation.bizone_order_id.clone(),
                bizone_tracking_url: confirmation.tracking_url.clone(),
            },
            campaign: self.campaign.as_ref().map(|campaign| OrderCampaign {
                code: campaign.code.clone(),
                campaign_id: campaign.campaign_id.clone(),
            }),
            created_at: at,
        }
    }

    /// That it came to nothing: nothing was taken, or all of it is given back in the same commit.
    pub(crate) fn failed(&self, failure: &Failure) -> OrderFailed {
        OrderFailed {
            order_id: self.order_id.clone(),
            user_id: self.user_id.clone(),
            merchant_id: self.merchant_id.clone(),
            failure_reason: failure.reason,
            failure_stage: failure.reason.stage(),
            amount_required: failure.required,
            amount_available: failure.available,
            order_value: self.pricing.subtotal,
            rollback_completed: true,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn sealed(text: &str) -> Sealed {
        let key = quoin_runtime::DataKey::new("u1", &[7; 32]).unwrap();
        key.seal(&quoin_runtime::Personal::new(text)).unwrap()
    }

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn line(product_id: &str, quantity: u32, total: &str, taken: Vec<Taken>) -> Line {
        let (unit_price, product_name) = (amount("10"), format!("Product {product_id}"));
        let item =
            OrderItem { product_id: product_id.to_owned(), product_name, quantity, unit_price, total: amount(total) };
        Line { item, discount: Amount::ZERO, taken }
    }

    /// A paid order: two lines, one of them from two shards, paid with bound coins and cash under a capped campaign.
    pub(crate) fn order() -> Order {
        let placed_at = Timestamp::from_millis(1_000);
        let bound = Lot {
            amount: amount("30"),
            expires_at: Some(Timestamp::from_millis(90_000)),
            merchant_id: Some("m1".to_owned()),
        };
        let part = |asset, paid: &str, transaction_id: &str, lots| Part {
            asset,
            amount: amount(paid),
            transaction_id: transaction_id.to_owned(),
            lots,
        };
        let zero = Amount::ZERO;
        Order {
            order_id: "order_1".to_owned(),
            user_id: "u1".to_owned(),
            status: Status::Paid,
            request_id: "req_1".to_owned(),
            idempotency_key: "idem_1".to_owned(),
            session_id: "sess_1".to_owned(),
            user_name: sealed("Jane Doe"),
            user_phone: Some(sealed("+491701234567")),
            merchant_id: "m1".to_owned(),
            merchant_name: "Fresh Mart".to_owned(),
            merchant_company: "bizone".to_owned(),
            lines: vec![
                line("p1", 3, "30", vec![Taken { shard: 0, quantity: 2 }, Taken { shard: 3, quantity: 1 }]),
                line("p2", 2, "20", vec![Taken { shard: 1, quantity: 2 }]),
            ],
            pricing: OrderPricing { subtotal: amount("50"), discount: zero, delivery_fee: zero, total: amount("50") },
            campaign: Some(Campaign { code: "C1".to_owned(), campaign_id: "camp_1".to_owned(), uses_shard: Some(5) }),
            payment: vec![
                part(Asset::BrandedCoins, "30", "txn_1", vec![bound]),
                part(Asset::Cash, "20", "txn_2", Vec::new()),
            ],
            address: SealedAddress { line1: sealed("1 Street"), city: sealed("Town"), pincode: sealed("560001") },
            delivery_pincode: "560001".to_owned(),
            placed_at,
            fulfilment: Fulfilment::default(),
            failure: None,
            ended_at: None,
        }
    }
}
