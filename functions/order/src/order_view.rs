//! An order as its owner and operators see it. What is stored of it is sealed; it is opened for its owner alone, when
//! the answer goes out.

use quoin_events::types::{
    ExternalReferences, OrderCampaign, OrderFailureReason, OrderFailureStage, OrderItem, OrderPayment, OrderPricing,
    PaymentMethod, PaymentStanding, SealedAddress,
};
use quoin_events::{Sealed, Timestamp};
use quoin_money::Amount;
use quoin_runtime::{DataKey, Failure, Problem};
use serde::{Deserialize, Serialize};

use crate::order::{Order, Status};

/// An order, in the fields of `order.created` as far as they are known.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Order"))]
pub(crate) struct OrderView<P> {
    /// Its id.
    pub(crate) order_id: String,
    /// Who ordered.
    pub(crate) user_id: String,
    /// For the owner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<P>,
    /// For the owner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_phone: Option<P>,
    /// From whom.
    merchant_id: String,
    /// The merchant's name.
    merchant_name: String,
    /// The company behind the merchant.
    merchant_company: String,
    /// How far it is.
    status: Status,
    /// What was ordered.
    items: Vec<LineView>,
    /// What it costs.
    pricing: OrderPricing,
    /// How it was paid; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment: Option<OrderPayment>,
    /// Where and when it arrives.
    delivery: DeliveryView<P>,
    /// What the merchant calls it, once it has confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_references: Option<ExternalReferences>,
    /// The campaign, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<OrderCampaign>,
    /// Why it came to nothing, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<FailureView>,
    /// When it was placed.
    placed_at: Timestamp,
    /// When the merchant's confirmation made it final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
}

/// A line of an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderLine"))]
struct LineView {
    /// The product.
    product_id: String,
    /// Its name.
    product_name: String,
    /// How many.
    quantity: u32,
    /// What one costs.
    unit_price: Amount,
    /// Price times quantity, before the discount.
    total: Amount,
    /// The line's part of the order's discount.
    discount: Amount,
}

/// Where and when an order arrives.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderDeliveryView"))]
struct DeliveryView<P> {
    /// For the owner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<AddressView<P>>,
    /// When, as the merchant says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    estimated_delivery: Option<String>,
}

/// An address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderAddress"))]
struct AddressView<P> {
    /// Street and number.
    line1: P,
    /// City.
    city: P,
    /// Postal code.
    pincode: P,
}

/// Why an order came to nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderFailure"))]
struct FailureView {
    /// The reason.
    failure_reason: OrderFailureReason,
    /// How far the order had come.
    failure_stage: OrderFailureStage,
    /// What was to be paid, where the wallet refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount_required: Option<Amount>,
    /// What the wallet could have paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount_available: Option<Amount>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed_at: Option<Timestamp>,
}

impl OrderView<Sealed> {
    /// The order with its personal fields as they are stored.
    pub(crate) fn sealed(order: &Order) -> Self {
        let SealedAddress { line1, city, pincode } = order.address.clone();
        let confirmation = order.fulfilment.confirmation.as_ref();
        Self {
            order_id: order.order_id.clone(),
            user_id: order.user_id.clone(),
            user_name: Some(order.user_name.clone()),
            user_phone: order.user_phone.clone(),
            merchant_id: order.merchant_id.clone(),
            merchant_name: order.merchant_name.clone(),
            merchant_company: order.merchant_company.clone(),
            status: order.status,
            items: order.lines.iter().map(|line| LineView::of(&line.item, line.discount)).collect(),
            pricing: order.pricing.clone(),
            payment: payment(order),
            delivery: DeliveryView {
                address: Some(AddressView { line1, city, pincode }),
                estimated_delivery: confirmation.and_then(|word| word.estimated_delivery.clone()),
            },
            external_references: confirmation.map(|word| ExternalReferences {
                bizone_order_id: word.bizone_order_id.clone(),
                bizone_tracking_url: word.tracking_url.clone(),
            }),
            campaign: order.campaign.as_ref().map(|campaign| OrderCampaign {
                code: campaign.code.clone(),
                campaign_id: campaign.campaign_id.clone(),
            }),
            failure: FailureView::of(order),
            placed_at: order.placed_at,
            created_at: order.ended_at.filter(|_| order.status == Status::Created),
        }
    }

    /// The same as it goes out: opened with its owner's key, or without what is personal.
    ///
    /// # Errors
    /// If a field cannot be opened with that key.
    pub(crate) fn opened(self, key: Option<&DataKey>) -> Result<OrderView<String>, Problem> {
        let open = |field: &Sealed| -> Result<Option<String>, Problem> {
            let Some(key) = key else { return Ok(None) };
            Ok(Some(key.open(field).map_err(Failure::poison)?.reveal().to_owned()))
        };
        let open_all = |field: Option<Sealed>| field.as_ref().map(open).transpose().map(Option::flatten);
        let address = match self.delivery.address {
            Some(sealed) => open(&sealed.line1)?
                .zip(open(&sealed.city)?)
                .zip(open(&sealed.pincode)?)
                .map(|((line1, city), pincode)| AddressView { line1, city, pincode }),
            None => None,
        };
        Ok(OrderView {
            order_id: self.order_id,
            user_id: self.user_id,
            user_name: open_all(self.user_name)?,
            user_phone: open_all(self.user_phone)?,
            merchant_id: self.merchant_id,
            merchant_name: self.merchant_name,
            merchant_company: self.merchant_company,
            status: self.status,
            items: self.items,
            pricing: self.pricing,
            payment: self.payment,
            delivery: DeliveryView { address, estimated_delivery: self.delivery.estimated_delivery },
            external_references: self.external_references,
            campaign: self.campaign,
            failure: self.failure,
            placed_at: self.placed_at,
            created_at: self.created_at,
        })
    }
}

impl LineView {
    fn of(item: &OrderItem, discount: Amount) -> Self {
        Self {
            product_id: item.product_id.clone(),
            product_name: item.product_name.clone(),
            quantity: item.quantity,
            unit_price: item.unit_price,
            total: item.total,
            discount,
        }
    }
}

impl FailureView {
    fn of(order: &Order) -> Option<Self> {
        let failure = order.failure.as_ref()?;
        Some(Self {
            failure_reason: failure.reason,
            failure_stage: failure.reason.stage(),
            amount_required: failure.required,
            amount_available: failure.available,
            failed_at: order.ended_at,
        })
    }
}

/// How it was paid: an order that failed before its debit never was.
fn payment(order: &Order) -> Option<OrderPayment> {
    let status = match (order.status, &order.failure) {
        (Status::Paid | Status::Created, _) => PaymentStanding::Paid,
        (Status::Failed, Some(failure)) if failure.reason.stage() == OrderFailureStage::Merchant => {
            PaymentStanding::Refunded
        }
        (Status::Failed, _) => return None,
    };
    let transaction_ids = order.payment.iter().map(|part| part.transaction_id.clone()).collect();
    Some(OrderPayment { method: PaymentMethod::Wallet, status, transaction_ids })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{Campaign, Fulfilment, Line, Part, Taken};
    use quoin_money::Asset;
    use quoin_runtime::Personal;

    /// The source's order, as it was paid.
    fn order() -> Order {
        let line = |id: &str, quantity: u32, unit: u32, discount: u32| Line {
            item: OrderItem {
                product_id: id.to_owned(),
                product_name: format!("Product {id}"),
                quantity,
                unit_price: Amount::whole(unit),
                total: Amount::whole(quantity.saturating_mul(unit)),
            },
            discount: Amount::whole(discount),
            taken: vec![Taken { shard: 3, quantity }],
        };
        Order {
            order_id: "order_101".into(),
            user_id: "user_789".into(),
            status: Status::Paid,
            request_id: "req_125".into(),
            idempotency_key: "idem_user789_20260104_101700".into(),
            session_id: "sess_abc123".into(),
            user_name: seal("somebody"),
            user_phone: None,
            merchant_id: "merch_bizone_001".into(),
            merchant_name: "Fresh Mart BizOne".into(),
            merchant_company: "bizone".into(),
            lines: vec![line("prod_123", 2, 150, 30), line("prod_124", 5, 40, 20)],
            pricing: OrderPricing {
                subtotal: Amount::whole(500),
                discount: Amount::whole(50),
                delivery_fee: Amount::ZERO,
                total: Amount::whole(450),
            },
            campaign: Some(Campaign {
                code: "WEEKEND50".into(),
                campaign_id: "camp_weekend50".into(),
                uses_shard: Some(7),
            }),
            payment: vec![Part {
                asset: Asset::PromoCoins,
                amount: Amount::whole(200),
                transaction_id: "txn_001".into(),
                lots: Vec::new(),
            }],
            address: SealedAddress { line1: seal("somebody"), city: seal("somebody"), pincode: seal("somebody") },
            delivery_pincode: "560001".into(),
            placed_at: Timestamp::from_millis(1_767_521_831_234),
            fulfilment: Fulfilment::default(),
            failure: None,
            ended_at: None,
        }
    }

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let order = order();
        let text = serde_json::to_string(&order).unwrap();
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
    }

    fn key() -> DataKey {
        DataKey::new("user_789", &[7; 32]).unwrap()
    }

    fn seal(text: &str) -> Sealed {
        key().seal(&Personal::new(text)).unwrap()
    }

    fn sealed() -> OrderView<Sealed> {
        let mut order = order();
        order.user_name = seal("John Doe");
        order.user_phone = Some(seal("+919876543210"));
        order.address = SealedAddress { line1: seal("123, MG Road"), city: seal("Bangalore"), pincode: seal("560001") };
        OrderView::sealed(&order)
    }

    #[test]
    fn an_order_is_opened_for_its_owner_from_the_stored_answer() {
        let stored = serde_json::to_string(&sealed()).unwrap();
        assert!(!stored.contains("John Doe") && !stored.contains("Bangalore"));
        let read: OrderView<Sealed> = serde_json::from_str(&stored).unwrap();
        let out = serde_json::to_value(read.opened(Some(&key())).unwrap()).unwrap();
        assert_eq!(out["user_name"], "John Doe");
        assert_eq!(out["delivery"]["address"]["city"], "Bangalore");
        assert_eq!(out["items"][0]["quantity"], 2);
        assert_eq!(out["status"], "paid");
    }

    #[test]
    fn without_the_key_nothing_personal_is_told() {
        let out = serde_json::to_string(&sealed().opened(None).unwrap()).unwrap();
        for member in ["user_name", "user_phone", "address", "enc:v1:"] {
            assert!(!out.contains(member), "{out}");
        }
    }
}
