//! What routes about subscriptions answer and refuse.

use quoin_events::Timestamp;
use quoin_membership_model::{Refusal, Subscription, SubscriptionStatus};
use quoin_money::Amount;
use quoin_runtime::Problem;
use serde::Serialize;

use crate::charge::{Charge, Status};

/// A subscription as it is now.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SubscriptionState"))]
pub(crate) struct SubscriptionState<'a> {
    /// The subscription.
    subscription_id: &'a str,
    /// Where it stands.
    status: SubscriptionStatus,
    /// What it is of.
    plan: &'a str,
    /// What a period costs.
    price: Amount,
    /// What is taken off the next prices.
    credit: Amount,
    /// Until when it is paid for.
    period_end: Timestamp,
}

impl<'a> SubscriptionState<'a> {
    pub(crate) fn of(subscription: &'a Subscription) -> Self {
        Self {
            subscription_id: &subscription.subscription_id,
            status: subscription.status,
            plan: &subscription.plan,
            price: subscription.price,
            credit: subscription.credit,
            period_end: subscription.period_end,
        }
    }
}

/// Where a payment stands, for whoever waits for it.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ChargeStanding"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It is on its way.
    Pending,
    /// It is paid, or there was nothing to pay.
    Paid,
}

/// A period that is or will be paid for.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PaidPeriod"))]
pub(crate) struct PaidPeriod<'a> {
    /// The subscription.
    pub(crate) subscription_id: &'a str,
    /// The payment; absent if there was nothing to pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_id: Option<&'a str>,
    /// Where it stands.
    pub(crate) status: Standing,
    /// The plan of the period.
    pub(crate) plan: &'a str,
    /// What a period of it costs.
    pub(crate) price: Amount,
    /// What was taken off the price.
    pub(crate) credit: Amount,
    /// What is paid.
    pub(crate) amount: Amount,
    /// The first moment that is paid for.
    pub(crate) period_start: Timestamp,
    /// The first moment that is not.
    pub(crate) period_end: Timestamp,
}

impl<'a> PaidPeriod<'a> {
    pub(crate) fn of(charge: &'a Charge) -> Self {
        let status = if charge.status == Status::Succeeded { Standing::Paid } else { Standing::Pending };
        Self::quoted(&charge.subscription_id, Some(&charge.payment_id), status, &charge.quote)
    }

    pub(crate) fn quoted(
        subscription_id: &'a str,
        payment_id: Option<&'a str>,
        status: Standing,
        quote: &'a quoin_membership_model::Quote,
    ) -> Self {
        Self {
            subscription_id,
            payment_id,
            status,
            plan: &quote.plan,
            price: quote.price,
            credit: quote.credit,
            amount: quote.amount,
            period_start: quote.period_start,
            period_end: quote.period_end,
        }
    }
}

/// The problem that a refusal is.
pub(crate) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Cancelled => Problem::refused("SUBSCRIPTION_CANCELLED", refusal.to_string()),
        Refusal::PastDue => Problem::refused("SUBSCRIPTION_PAST_DUE", refusal.to_string()),
        Refusal::SamePlan => Problem::refused("PLAN_UNCHANGED", refusal.to_string()),
        Refusal::NoSuchPlan => Problem::field("PLAN_INVALID", "/plan", refusal.to_string()),
        Refusal::Amount => Problem::refused("AMOUNT_OUT_OF_RANGE", refusal.to_string()),
        Refusal::Charging => in_progress("PAYMENT_IN_PROGRESS", &refusal.to_string()),
    }
}

/// What goes on is to be waited for.
pub(crate) fn in_progress(code: &'static str, detail: &str) -> Problem {
    let mut problem = Problem::new(409, code, detail);
    problem.retry_after = Some(1);
    problem
}
