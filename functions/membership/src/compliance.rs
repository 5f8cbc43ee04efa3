//! What is looked at when a subscription ends and when somebody is forgotten: append-only, in a stream for each customer.

use quoin_events::Timestamp;
use quoin_events::types::{CancellationReason, DeletionReason};
use quoin_membership_model::{Subscription, SubscriptionStatus, first_payment_of};
use quoin_money::Amount;
use quoin_runtime::{Env, Found};
use quoin_store::{StoreError, Stream, derived_id};
use serde::{Deserialize, Serialize};

use crate::charge::{Charge, Status};
use crate::erasure;

/// Why there was a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "what", content = "why")]
pub(crate) enum Occasion {
    /// The subscription is not renewed any more.
    SubscriptionCancelled(CancellationReason),
    /// The customer was deleted.
    CustomerDeleted(DeletionReason),
}

/// A period that was begun and not paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Unpaid {
    /// What it would have cost, after what there is of credit.
    pub(crate) amount: Amount,
    /// ISO 4217 code of the amount.
    pub(crate) currency: String,
    /// When the period began.
    pub(crate) since: Timestamp,
    /// How often it was tried to be charged.
    pub(crate) attempts: u32,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ComplianceCheck"))]
pub(crate) struct Check {
    /// The event that it follows from.
    pub(crate) event_id: String,
    /// What happened.
    pub(crate) occasion: Occasion,
    /// When it happened.
    pub(crate) happened_at: Timestamp,
    /// When it was looked at.
    pub(crate) checked_at: Timestamp,
    /// The subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subscription_id: Option<String>,
    /// A payment for it that has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) open_payment_id: Option<String>,
    /// What was not paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unpaid: Option<Unpaid>,
    /// The end of what was paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) paid_until: Option<Timestamp>,
    /// Until when the records of what was paid have to be kept; they say nothing of who paid.
    pub(crate) retained_until: Timestamp,
    /// Where an erasure stands, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erasure: Option<erasure::Status>,
}

/// The stream of the checks of `customer_id`.
pub(crate) fn stream(customer_id: &str) -> Stream {
    Stream::new("compliance", customer_id)
}

/// What had begun at `now` of `subscription` and is not paid for.
pub(crate) fn unpaid(subscription: &Subscription, now: Timestamp) -> Option<Unpaid> {
    let is_cancelled = subscription.status == SubscriptionStatus::Cancelled;
    let has_begun = subscription.period_end <= now;
    (is_cancelled && has_begun && subscription.failed_attempts > 0).then(|| Unpaid {
        amount: subscription.price.minus(subscription.credit).unwrap_or(Amount::ZERO),
        currency: subscription.currency.clone(),
        since: subscription.period_end,
        attempts: subscription.failed_attempts,
    })
}

/// The last payment of `subscription` that was begun, if it has not ended.
pub(crate) async fn open_payment(env: &Env, subscription: &Subscription) -> Result<Option<String>, StoreError> {
    let Some(payment_id) = last_payment(subscription) else { return Ok(None) };
    let found = Found::<Charge>::find(env, &Charge::stream(&payment_id)).await?;
    Ok(found.filter(|found| found.state.status == Status::Initiated).map(|_| payment_id))
}

fn last_payment(subscription: &Subscription) -> Option<String> {
    match subscription.charges {
        0 | 1 => first_payment_of(&subscription.customer_id),
        number => Some(derived_id("pay", &[&subscription.subscription_id, &number.to_string()])),
    }
}

/// The end of the duty to keep records of `at`: full years, from the end of the one that it is in.
pub(crate) fn retained_until(at: Timestamp, years: u32) -> Result<Timestamp, StoreError> {
    let text = at.to_string();
    let year: u32 = text.get(..4).unwrap_or_default().parse().map_err(StoreError::corrupt)?;
    let end = year.saturating_add(years).saturating_add(1);
    format!("{end:04}-01-01T00:00:00.000Z").parse().map_err(StoreError::corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_events::types::SubscriptionCreated;
    use quoin_membership_model::{Aggregate, SubscriptionEvent, Told};

    fn subscription() -> Subscription {
        let created = SubscriptionCreated {
            subscription_id: "sub_1".to_owned(),
            customer_id: "cust_1".to_owned(),
            user_id: "user_1".to_owned(),
            plan: "monthly".to_owned(),
            price: "9.99".parse().unwrap(),
            currency: "INR".to_owned(),
            payment_id: "pay_1".to_owned(),
            period_start: Timestamp::from_millis(0),
            period_end: Timestamp::from_millis(1_000),
        };
        let told = Told { event: SubscriptionEvent::Created(created), at: Timestamp::from_millis(0) };
        Subscription::after(None, &told).unwrap()
    }

    #[test]
    fn what_could_not_be_charged_is_unpaid_and_what_was_paid_is_not() {
        let paid = Subscription { status: SubscriptionStatus::Cancelled, ..subscription() };
        let now = paid.period_end;
        assert_eq!(unpaid(&paid, now), None);
        let late = Subscription { failed_attempts: 4, credit: "1.99".parse().unwrap(), ..paid };
        let found = unpaid(&late, now).unwrap();
        assert_eq!((found.amount, found.since, found.attempts), ("8".parse().unwrap(), late.period_end, 4));
        assert_eq!(unpaid(&late, now.plus_millis(-1)), None, "the period has not begun");
        assert_eq!(
            unpaid(&Subscription { status: SubscriptionStatus::PastDue, ..late }, now),
            None,
            "it is tried again"
        );
    }

    #[test]
    fn records_are_kept_for_full_years() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for moment in ["2026-01-01T00:00:00.000Z", "2026-12-31T23:59:59.999Z"] {
            assert_eq!(retained_until(at(moment), 10).unwrap(), at("2037-01-01T00:00:00.000Z"));
        }
    }

    #[test]
    fn the_last_payment_is_the_registrations_until_there_is_another() {
        assert_eq!(last_payment(&subscription()).as_deref(), Some("pay_1"));
        let renewed = Subscription { charges: 2, ..subscription() };
        assert_eq!(last_payment(&renewed), Some(derived_id("pay", &["sub_1", "2"])));
    }
}
