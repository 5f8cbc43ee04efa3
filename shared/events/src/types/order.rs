//! `order.events`.

use quoin_money::Amount;
use serde::{Deserialize, Serialize};

use super::{Channel, event_data};
use crate::{Sealed, Timestamp};

event_data! {
    /// A person asked for an order; nothing has changed yet.
    pub struct OrderValidationStarted {
        /// Who.
        pub user_id: String,
        /// From whom.
        pub merchant_id: String,
        /// Prices times quantities, before the discount.
        pub cart_value: Amount,
        /// The campaign that the person named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub campaign_code: Option<String>,
        /// Where it is to go.
        pub delivery_pincode: String,
        /// The client's session.
        pub session_id: String,
    }
}

event_data! {
    /// What each rule said; true where it lets the order pass.
    #[derive(Copy)]
    pub struct OrderValidations {
        /// The cart is worth at least what the merchant and the platform ask.
        pub min_order_value: bool,
        /// The merchant delivers there.
        pub delivery_zone: bool,
        /// The campaign holds for this order, or none was named.
        pub campaign_eligible: bool,
        /// The person is known well enough.
        pub user_kyc: bool,
        /// The merchant takes orders.
        pub merchant_active: bool,
    }
}

event_data! {
    /// All rules were asked.
    pub struct OrderValidationCompleted {
        /// Who orders.
        pub user_id: String,
        /// From whom.
        pub merchant_id: String,
        /// Whether the order may go on to payment.
        pub can_checkout: bool,
        /// What each rule said.
        pub validations: OrderValidations,
        /// Milliseconds that it took.
        pub duration_ms: u64,
    }
}

event_data! {
    /// An order was written down; its debit is in the same transaction.
    pub struct OrderInitiated {
        /// The order.
        pub order_id: String,
        /// Who ordered.
        pub user_id: String,
        /// From whom.
        pub merchant_id: String,
        /// The merchant's name.
        pub merchant_name: String,
        /// The company behind the merchant.
        pub merchant_company: String,
        /// Prices times quantities, before the discount.
        pub order_value: Amount,
        /// What the campaign takes off.
        pub discount: Amount,
        /// What is paid, delivery included.
        pub final_amount: Amount,
        /// The campaign, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub campaign_code: Option<String>,
        /// Its id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub campaign_id: Option<String>,
        /// Lines of the order.
        pub items_count: u32,
        /// Where it is to go.
        pub delivery_pincode: String,
    }
}

event_data! {
    /// What was paid in one asset.
    pub struct PaymentPart {
        /// The asset.
        #[serde(rename = "type")]
        pub kind: quoin_money::Asset,
        /// How much.
        pub amount: Amount,
        /// The posting.
        pub transaction_id: String,
    }
}

event_data! {
    /// With what an order is paid.
    pub enum PaymentMethod {
        /// The wallet's assets.
        Wallet,
    }
}

event_data! {
    /// The wallet was debited.
    pub struct OrderPaid {
        /// The order.
        pub order_id: String,
        /// Who paid.
        pub user_id: String,
        /// Whom.
        pub merchant_id: String,
        /// How much in all.
        pub amount: Amount,
        /// With what.
        pub payment_method: PaymentMethod,
        /// One line per asset.
        pub payment_breakdown: Vec<PaymentPart>,
        /// The campaign, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub campaign_code: Option<String>,
        /// What it took off.
        pub discount_applied: Amount,
    }
}

event_data! {
    /// How far an order is that others are told of.
    pub enum OrderStanding {
        /// Paid, and confirmed by the merchant.
        Created,
    }
}

event_data! {
    /// One line of an order.
    pub struct OrderItem {
        /// The product.
        pub product_id: String,
        /// Its name.
        pub product_name: String,
        /// How many.
        pub quantity: u32,
        /// What one costs.
        pub unit_price: Amount,
        /// Price times quantity, before the discount.
        pub total: Amount,
    }
}

event_data! {
    /// What an order costs.
    pub struct OrderPricing {
        /// Prices times quantities.
        pub subtotal: Amount,
        /// What the campaign takes off.
        pub discount: Amount,
        /// For bringing it.
        pub delivery_fee: Amount,
        /// What is paid.
        pub total: Amount,
    }
}

event_data! {
    /// Where the money of an order is.
    pub enum PaymentStanding {
        /// Taken from the wallet.
        Paid,
        /// Given back to the wallet.
        Refunded,
    }
}

event_data! {
    /// How an order was paid.
    pub struct OrderPayment {
        /// With what.
        pub method: PaymentMethod,
        /// Where the money is.
        pub status: PaymentStanding,
        /// The postings, one per asset.
        pub transaction_ids: Vec<String>,
    }
}

event_data! {
    /// An address, sealed under the person's key.
    pub struct SealedAddress {
        /// Street and number.
        pub line1: Sealed,
        /// City.
        pub city: Sealed,
        /// Postal code.
        pub pincode: Sealed,
    }
}

event_data! {
    /// Where and when an order arrives.
    pub struct OrderDelivery {
        /// Where.
        pub address: SealedAddress,
        /// When, as the merchant says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub estimated_delivery: Option<String>,
    }
}

event_data! {
    /// What the merchant calls an order.
    pub struct ExternalReferences {
        /// The merchant's id of it.
        pub bizone_order_id: String,
        /// Where it can be followed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub bizone_tracking_url: Option<String>,
    }
}

event_data! {
    /// The campaign of an order.
    pub struct OrderCampaign {
        /// What the person typed.
        pub code: String,
        /// Its id.
        pub campaign_id: String,
    }
}

event_data! {
    /// The merchant has the order: it is final.
    pub struct OrderCreated {
        /// The order.
        pub order_id: String,
        /// Who ordered.
        pub user_id: String,
        /// Sealed under the person's key.
        pub user_name: Sealed,
        /// Sealed under the person's key; absent if the person has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub user_phone: Option<Sealed>,
        /// From whom.
        pub merchant_id: String,
        /// The merchant's name.
        pub merchant_name: String,
        /// The company behind the merchant.
        pub merchant_company: String,
        /// How far it is.
        pub status: OrderStanding,
        /// What was ordered.
        pub items: Vec<OrderItem>,
        /// What it costs.
        pub pricing: OrderPricing,
        /// How it was paid.
        pub payment: OrderPayment,
        /// Where it goes.
        pub delivery: OrderDelivery,
        /// What the merchant calls it.
        pub external_references: ExternalReferences,
        /// The campaign, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub campaign: Option<OrderCampaign>,
        /// When it became final.
        pub created_at: Timestamp,
    }
}

event_data! {
    /// The person was told that the order is final.
    pub struct OrderConfirmationSent {
        /// The order.
        pub order_id: String,
        /// Who was told.
        pub user_id: String,
        /// Over what; only where a provider accepted the message.
        pub channels: Vec<Channel>,
        /// When the last of them was accepted.
        pub sent_at: Timestamp,
        /// The SMS provider's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub sms_id: Option<String>,
        /// The push provider's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub push_id: Option<String>,
        /// The e-mail provider's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub email_id: Option<String>,
    }
}

/// Why an order came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderFailureReason {
    /// The cart is worth too little.
    MinOrderValue,
    /// The merchant does not deliver there.
    DeliveryZone,
    /// The campaign does not hold for this order.
    CampaignNotEligible,
    /// The person is not known well enough.
    KycRequired,
    /// The merchant takes no orders.
    MerchantInactive,
    /// Not enough of a product is left.
    OutOfStock,
    /// The person's orders are looked at by people first.
    FraudReview,
    /// The wallet cannot pay it.
    WalletInsufficientBalance,
    /// The account is closed.
    WalletClosed,
    /// The merchant refused it.
    MerchantRejected,
    /// The merchant could not be reached, and does not have it.
    MerchantUnreachable,
}

impl OrderFailureReason {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MinOrderValue => "MIN_ORDER_VALUE",
            Self::DeliveryZone => "DELIVERY_ZONE",
            Self::CampaignNotEligible => "CAMPAIGN_NOT_ELIGIBLE",
            Self::KycRequired => "KYC_REQUIRED",
            Self::MerchantInactive => "MERCHANT_INACTIVE",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::FraudReview => "FRAUD_REVIEW",
            Self::WalletInsufficientBalance => "WALLET_INSUFFICIENT_BALANCE",
            Self::WalletClosed => "WALLET_CLOSED",
            Self::MerchantRejected => "MERCHANT_REJECTED",
            Self::MerchantUnreachable => "MERCHANT_UNREACHABLE",
        }
    }

    /// How far the order had come.
    #[must_use]
    pub const fn stage(self) -> OrderFailureStage {
        match self {
            Self::MinOrderValue
            | Self::DeliveryZone
            | Self::CampaignNotEligible
            | Self::KycRequired
            | Self::MerchantInactive
            | Self::OutOfStock
            | Self::FraudReview => OrderFailureStage::Validation,
            Self::WalletInsufficientBalance | Self::WalletClosed => OrderFailureStage::WalletDebit,
            Self::MerchantRejected | Self::MerchantUnreachable => OrderFailureStage::Merchant,
        }
    }
}

event_data! {
    /// How far a failed order had come.
    pub enum OrderFailureStage {
        /// The rules refused it.
        Validation,
        /// The wallet refused it.
        WalletDebit,
        /// It was paid, and the merchant did not take it.
        Merchant,
    }
}

event_data! {
    /// An order came to nothing.
    pub struct OrderFailed {
        /// The order.
        pub order_id: String,
        /// Who ordered.
        pub user_id: String,
        /// From whom.
        pub merchant_id: String,
        /// Why.
        pub failure_reason: OrderFailureReason,
        /// How far it had come.
        pub failure_stage: OrderFailureStage,
        /// What was to be paid, where the wallet refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub amount_required: Option<Amount>,
        /// What the wallet could have paid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub amount_available: Option<Amount>,
        /// Prices times quantities, before the discount.
        pub order_value: Amount,
        /// Whether nothing of it is left: no money taken, or all of it given back.
        pub rollback_completed: bool,
    }
}
