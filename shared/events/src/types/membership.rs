//! `customer.events` and `subscription.events`, and what is said on `payment.events` of subscriptions' payments.
//!
//! The state of a customer and of a subscription is the fold of their events, so each change has one.

use quoin_money::Amount;

use super::event_data;
use crate::{Sealed, Timestamp};

event_data! {
    /// A registration began: nothing is paid yet.
    pub struct CustomerCreated {
        /// The customer.
        pub customer_id: String,
        /// The account that the customer signs in with.
        pub user_id: String,
        /// Sealed under the user's key.
        pub full_name: Sealed,
        /// Sealed under the user's key.
        pub email: Sealed,
        /// BCP 47 language of the messages to the customer.
        pub language: String,
    }
}

event_data! {
    /// A registration is complete: the first payment was made and there is a subscription.
    pub struct CustomerRegistered {
        /// The customer.
        pub customer_id: String,
        /// The account that the customer signs in with.
        pub user_id: String,
        /// Sealed under the user's key.
        pub full_name: Sealed,
        /// Sealed under the user's key.
        pub email: Sealed,
        /// BCP 47 language of the messages to the customer.
        pub language: String,
        /// What was chosen.
        pub plan: String,
        /// What the customer has now.
        pub subscription_id: String,
        /// The first payment.
        pub payment_id: String,
    }
}

event_data! {
    /// Why there is no customer any more.
    pub enum DeletionReason {
        /// The first payment was declined.
        PaymentDeclined,
        /// The first payment was not made in time, and the provider promised never to make it.
        PaymentExpired,
        /// The person asked to be forgotten.
        Erasure,
    }
}

event_data! {
    /// A customer was deleted; what was sealed under the key cannot be read any more.
    pub struct CustomerDeleted {
        /// Who there is no more.
        pub customer_id: String,
        /// The account that went with it.
        pub user_id: String,
        /// Why.
        pub reason: DeletionReason,
    }
}

event_data! {
    /// What a subscription's payment is for.
    pub enum ChargePurpose {
        /// The first period.
        Registration,
        /// Another period.
        Renewal,
        /// A period of another plan, which begins at once.
        PlanChange,
    }
}

event_data! {
    /// A payment for a subscription was settled.
    pub struct PaymentProcessed {
        /// The payment.
        pub payment_id: String,
        /// Who paid.
        pub customer_id: String,
        /// The account of the customer.
        pub user_id: String,
        /// What it was paid for.
        pub subscription_id: String,
        /// What for.
        pub purpose: ChargePurpose,
        /// The plan of the period.
        pub plan: String,
        /// What a period of the plan costs.
        pub price: Amount,
        /// What was left of money paid before, and taken off the price.
        pub credit: Amount,
        /// What was paid: the price without the credit, tax included.
        pub amount: Amount,
        /// ISO 4217 code of the amounts.
        pub currency: String,
        /// Who moved the money.
        pub provider: String,
        /// The provider's own id of the payment.
        pub provider_reference: String,
        /// The first moment of what was paid for.
        pub period_start: Timestamp,
        /// The first moment after it.
        pub period_end: Timestamp,
    }
}

event_data! {
    /// A subscription began, its first period paid.
    pub struct SubscriptionCreated {
        /// The subscription.
        pub subscription_id: String,
        /// Whose it is.
        pub customer_id: String,
        /// The account of the customer.
        pub user_id: String,
        /// What was chosen.
        pub plan: String,
        /// What a period costs, tax included.
        pub price: Amount,
        /// ISO 4217 code of the amounts.
        pub currency: String,
        /// What the first period was paid with.
        pub payment_id: String,
        /// The first moment that is paid for.
        pub period_start: Timestamp,
        /// The first moment that is not.
        pub period_end: Timestamp,
    }
}

event_data! {
    /// A payment for a subscription is about to be asked for.
    pub struct SubscriptionChargeStarted {
        /// The subscription.
        pub subscription_id: String,
        /// Whose it is.
        pub customer_id: String,
        /// The account of the customer.
        pub user_id: String,
        /// The payment.
        pub payment_id: String,
        /// What for.
        pub purpose: ChargePurpose,
        /// The plan that is paid for.
        pub plan: String,
        /// How much.
        pub amount: Amount,
        /// The number of the attempt for this period, from 1 on.
        pub attempt: u32,
    }
}

event_data! {
    /// Another period of a subscription begins where the last one ends, paid for.
    pub struct SubscriptionRenewed {
        /// The subscription.
        pub subscription_id: String,
        /// Whose it is.
        pub customer_id: String,
        /// The account of the customer.
        pub user_id: String,
        /// The plan.
        pub plan: String,
        /// What a period costs, tax included.
        pub price: Amount,
        /// What was left of money paid before, and taken off the price.
        pub credit: Amount,
        /// What was paid.
        pub amount: Amount,
        /// ISO 4217 code of the amounts.
        pub currency: String,
        /// What it was paid with; absent if the credit covered all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub payment_id: Option<String>,
        /// How many periods there have been, this one included.
        pub period: u32,
        /// The first moment that is paid for.
        pub period_start: Timestamp,
        /// The first moment that is not.
        pub period_end: Timestamp,
    }
}

event_data! {
    /// Why a payment came to nothing.
    pub enum ChargeFailure {
        /// The provider refused it.
        Declined,
        /// It was not made in time, and the provider promised never to make it.
        Expired,
    }
}

event_data! {
    /// A payment for a subscription came to nothing.
    pub struct SubscriptionChargeFailed {
        /// The subscription.
        pub subscription_id: String,
        /// Whose it is.
        pub customer_id: String,
        /// The account of the customer.
        pub user_id: String,
        /// The payment.
        pub payment_id: String,
        /// What for.
        pub purpose: ChargePurpose,
        /// The plan that was to be paid for.
        pub plan: String,
        /// How much.
        pub amount: Amount,
        /// ISO 4217 code of the amount.
        pub currency: String,
        /// The number of the attempt for this period, from 1 on.
        pub attempt: u32,
        /// Why.
        pub failure_reason: ChargeFailure,
        /// When it is tried again; absent if it is not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next_attempt_at: Option<Timestamp>,
    }
}

event_data! {
    /// A subscription is of another plan from now on.
    pub struct SubscriptionPlanChanged {
        /// The subscription.
        pub subscription_id: String,
        /// Whose it is.
        pub customer_id: String,
        /// The account of the customer.
        pub user_id: String,
        /// The plan until now.
        pub plan_before: String,
        /// The plan from now on.
        pub plan: String,
        /// What a period of it costs, tax included.
        pub price: Amount,
        /// What was left of money paid before, and taken off the price.
        pub credit: Amount,
        /// What was paid.
        pub amount: Amount,
        /// What is left of the credit.
        pub credit_left: Amount,
        /// ISO 4217 code of the amounts.
        pub currency: String,
        /// What it was paid with; absent if the credit covered all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub payment_id: Option<String>,
        /// How many periods there have been, this one included.
        pub period: u32,
        /// The first moment that is paid for.
        pub period_start: Timestamp,
        /// The first moment that is not.
        pub period_end: Timestamp,
    }
}

event_data! {
    /// Why a subscription ends.
    pub enum CancellationReason {
        /// The customer wants it to.
        Customer,
        /// It could not be charged.
        PaymentFailed,
        /// The person asked to be forgotten.
        Erasure,
    }
}

event_data! {
    /// A subscription is not renewed any more.
    pub struct SubscriptionCancelled {
        /// The subscription.
        pub subscription_id: String,
        /// Whose it was.
        pub customer_id: String,
        /// The account of the customer.
        pub user_id: String,
        /// The plan.
        pub plan: String,
        /// What a period cost, tax included.
        pub price: Amount,
        /// ISO 4217 code of the amount.
        pub currency: String,
        /// Why.
        pub reason: CancellationReason,
        /// Until when it was paid for, which is how long it lasts.
        pub ends_at: Timestamp,
        /// When it began.
        pub began_at: Timestamp,
        /// How many periods there have been.
        pub periods: u32,
    }
}
