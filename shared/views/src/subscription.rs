//! The subscription view: a row per subscription, and one in its owner's list.

use quoin_events::types::CancellationReason;
use quoin_events::{Envelope, Timestamp};
use quoin_membership_model::{Subscription, SubscriptionStatus, fold};
use quoin_money::Amount;
use serde::{Deserialize, Serialize};

use crate::error::Unfit;

/// A subscription as the view has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Subscription"))]
pub struct SubscriptionView {
    /// The subscription.
    pub subscription_id: String,
    /// Whose it is.
    pub customer_id: String,
    /// The account of the customer.
    pub user_id: String,
    /// Where it stands; a cancelled one lasts until `period_end`.
    pub status: SubscriptionStatus,
    /// What it is of.
    pub plan: String,
    /// What a period costs, tax included.
    pub price: Amount,
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// What is left of money paid before; taken off the next prices.
    pub credit: Amount,
    /// When it began.
    pub began_at: Timestamp,
    /// How many periods there have been.
    pub period: u32,
    /// The first moment that was paid for last.
    pub period_start: Timestamp,
    /// The first moment that is not paid for.
    pub period_end: Timestamp,
    /// When it is to be charged next, unless it is not renewed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_charge_at: Option<Timestamp>,
    /// Attempts that came to nothing for the next period.
    pub failed_attempts: u32,
    /// The payment that is on its way, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_payment_id: Option<String>,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation_reason: Option<CancellationReason>,
}

/// The row of a subscription's events.
pub(crate) fn view(events: Vec<Envelope>) -> Result<SubscriptionView, Unfit> {
    let subscription: Subscription = fold(events)?.ok_or(Unfit::Empty)?;
    Ok(SubscriptionView {
        subscription_id: subscription.subscription_id,
        customer_id: subscription.customer_id,
        user_id: subscription.user_id,
        status: subscription.status,
        plan: subscription.plan,
        price: subscription.price,
        currency: subscription.currency,
        credit: subscription.credit,
        began_at: subscription.began_at,
        period: subscription.period,
        period_start: subscription.period_start,
        period_end: subscription.period_end,
        next_charge_at: subscription.next_charge_at,
        failed_attempts: subscription.failed_attempts,
        pending_payment_id: subscription.charging.map(|charging| charging.payment_id),
        cancelled_at: subscription.cancelled_at,
        cancellation_reason: subscription.cancellation_reason,
    })
}
