//! One example: a pure function of a subscription's events up to the one that is the outcome.

use quoin_events::types::{CancellationReason, SubscriptionCancelled, SubscriptionRenewed};
use quoin_events::{Envelope, EventData, Timestamp};
use quoin_membership_model::{Aggregate, FoldError, Subscription, SubscriptionEvent, SubscriptionStatus, told};
use quoin_money::Amount;
use ring::hmac;
use serde::{Deserialize, Serialize};

const DAY_SECONDS: i64 = 86_400;

/// What became of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It was renewed.
    Renewed,
    /// It was cancelled.
    Cancelled,
}

/// A subscription as it was just before its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Example {
    /// Tells this example from every other.
    pub(crate) example: String,
    /// Tells its subscription from every other, and no more.
    pub(crate) subscription: String,
    /// The day of the outcome, in UTC.
    pub(crate) day: String,
    /// What it was of.
    pub(crate) plan: String,
    /// What a period cost.
    pub(crate) price: Amount,
    /// ISO 4217 code.
    pub(crate) currency: String,
    /// Periods so far.
    pub(crate) periods: u32,
    /// Whole days since it began.
    pub(crate) tenure_days: i64,
    /// Whole days since it was first of its plan.
    pub(crate) days_since_plan_change: i64,
    /// How often its plan was changed.
    pub(crate) plan_changes: u32,
    /// Whole days until its period ends; below zero where that is over.
    pub(crate) days_to_period_end: i64,
    /// Whether its next period could not be charged at once.
    pub(crate) is_past_due: bool,
    /// Attempts that came to nothing for the next period.
    pub(crate) failed_attempts: u32,
    /// Attempts that ever came to nothing.
    pub(crate) failed_charges: u32,
    /// Credit that was left.
    pub(crate) credit: Amount,
    /// The label.
    pub(crate) outcome: Outcome,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<CancellationReason>,
}

/// Each member of an example, its type and what it is: the schema in every manifest.
pub(crate) const SCHEMA: [(&str, &str, &str); 17] = [
    ("example", "string", "tells the example from every other"),
    ("subscription", "string", "keyed hash of the subscription"),
    ("day", "date", "day of the outcome, in UTC"),
    ("plan", "string", "plan before the outcome"),
    ("price", "decimal", "price of a period"),
    ("currency", "string", "ISO 4217 code of the amounts"),
    ("periods", "integer", "periods so far"),
    ("tenure_days", "integer", "whole days since the subscription began"),
    ("days_since_plan_change", "integer", "whole days since it was first of its plan"),
    ("plan_changes", "integer", "changes of the plan so far"),
    ("days_to_period_end", "integer", "whole days until the period ends, below zero where it has"),
    ("is_past_due", "boolean", "the next period could not be charged at once"),
    ("failed_attempts", "integer", "attempts that came to nothing for the next period"),
    ("failed_charges", "integer", "attempts that ever came to nothing"),
    ("credit", "decimal", "credit that was left"),
    ("outcome", "string", "label: renewed or cancelled"),
    ("reason", "string, absent unless cancelled", "customer, payment_failed or erasure"),
];

/// Makes names that only the holder of the key can make again.
pub(crate) struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// With a secret key.
    pub(crate) fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    fn of(&self, kind: &str, id: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{kind}/{id}").as_bytes());
        tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The example whose outcome is the event `outcome` of a stream that has `events`, oldest first; none, if that is no
/// outcome.
///
/// # Errors
/// If the events make no subscription, or the outcome is none of them.
pub(crate) fn example(
    names: &Pseudonyms,
    events: &[Envelope],
    outcome: &Envelope,
) -> Result<Option<Example>, FoldError> {
    if ![SubscriptionRenewed::NAME, SubscriptionCancelled::NAME].contains(&outcome.event.as_str()) {
        return Ok(None);
    }
    let (mut state, mut plan_changes, mut failed_charges) = (None::<Subscription>, 0_u32, 0_u32);
    for envelope in events {
        let told = told::<Subscription>(envelope)?;
        if envelope.event_id() == outcome.event_id() {
            let Some(before) = state else { break };
            let (label, reason) = match told.event {
                SubscriptionEvent::Renewed(_) => (Outcome::Renewed, None),
                SubscriptionEvent::Cancelled(event) => (Outcome::Cancelled, Some(event.reason)),
                SubscriptionEvent::Created(_)
                | SubscriptionEvent::ChargeStarted(_)
                | SubscriptionEvent::ChargeFailed(_)
                | SubscriptionEvent::PlanChanged(_) => break,
            };
            return Ok(Some(Example {
                example: names.of("event", outcome.event_id()),
                subscription: names.of("subscription", &before.subscription_id),
                day: told.at.day(),
                plan: before.plan,
                price: before.price,
                currency: before.currency,
                periods: before.period,
                tenure_days: days(before.began_at, told.at),
                days_since_plan_change: days(before.anchor, told.at),
                plan_changes,
                days_to_period_end: days(told.at, before.period_end),
                is_past_due: before.status == SubscriptionStatus::PastDue,
                failed_attempts: before.failed_attempts,
                failed_charges,
                credit: before.credit,
                outcome: label,
                reason,
            }));
        }
        match &told.event {
            SubscriptionEvent::PlanChanged(_) => plan_changes = plan_changes.saturating_add(1),
            SubscriptionEvent::ChargeFailed(_) => failed_charges = failed_charges.saturating_add(1),
            SubscriptionEvent::Created(_)
            | SubscriptionEvent::ChargeStarted(_)
            | SubscriptionEvent::Renewed(_)
            | SubscriptionEvent::Cancelled(_) => {}
        }
        state = Some(Subscription::after(state, &told)?);
    }
    Err(FoldError::Unfit(if outcome.event == SubscriptionRenewed::NAME {
        SubscriptionRenewed::NAME
    } else {
        SubscriptionCancelled::NAME
    }))
}

/// Whole days from one moment to another.
fn days(from: Timestamp, to: Timestamp) -> i64 {
    to.seconds().saturating_sub(from.seconds()).div_euclid(DAY_SECONDS)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// An event of the subscription `sub_1`, its id made of its name and day.
    pub(crate) fn event(name: &str, at: &str, more: serde_json::Value) -> Envelope {
        let mut data = json!({"subscription_id": "sub_1", "customer_id": "cust_1", "user_id": "user_1"});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let text = json!({
            "event": name, "version": "1.0", "timestamp": format!("{at}T12:00:00.000Z"), "data": data,
            "metadata": {"source": "x", "request_id": "r", "event_id": format!("{name} {at}")},
        });
        serde_json::from_str(&text.to_string()).unwrap()
    }

    fn life() -> Vec<Envelope> {
        let period = |from: &str, to: &str| json!({"period_start": format!("{from}T12:00:00.000Z"), "period_end": format!("{to}T12:00:00.000Z")});
        let with = |one: serde_json::Value, other: serde_json::Value| {
            let mut one = one;
            one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
            one
        };
        let charge = |payment: &str| json!({"payment_id": payment, "purpose": "renewal", "plan": "monthly", "amount": 9.99, "attempt": 1});
        let paid = |payment: &str| json!({"plan": "monthly", "price": 9.99, "credit": 0, "amount": 9.99, "currency": "EUR", "payment_id": payment, "period": 2});
        vec![
            event(
                "subscription.created",
                "2026-01-05",
                with(
                    json!({"plan": "monthly", "price": 9.99, "currency": "EUR", "payment_id": "p0"}),
                    period("2026-01-05", "2026-02-05"),
                ),
            ),
            event("subscription.charge_started", "2026-02-05", charge("p1")),
            event(
                "subscription.charge_failed",
                "2026-02-06",
                with(charge("p1"), json!({"currency": "EUR", "failure_reason": "declined"})),
            ),
            event("subscription.charge_started", "2026-02-08", charge("p2")),
            event("subscription.renewed", "2026-02-09", with(paid("p2"), period("2026-02-05", "2026-03-05"))),
            event(
                "subscription.cancelled",
                "2026-02-20",
                json!({"plan": "monthly", "price": 9.99, "currency": "EUR", "reason": "customer", "ends_at": "2026-03-05T12:00:00.000Z", "began_at": "2026-01-05T12:00:00.000Z", "periods": 2}),
            ),
        ]
    }

    #[test]
    fn an_example_is_what_was_known_before_its_outcome() {
        let (names, life) = (Pseudonyms::new("k"), life());
        let renewed = example(&names, &life, &life[4]).unwrap().unwrap();
        assert_eq!((renewed.outcome, renewed.periods, renewed.tenure_days), (Outcome::Renewed, 1, 35));
        assert_eq!((renewed.is_past_due, renewed.failed_attempts, renewed.failed_charges), (true, 1, 1));
        assert_eq!((renewed.days_to_period_end, renewed.days_since_plan_change), (-4, 35));
        let cancelled = example(&names, &life, &life[5]).unwrap().unwrap();
        assert_eq!((cancelled.outcome, cancelled.reason), (Outcome::Cancelled, Some(CancellationReason::Customer)));
        assert_eq!((cancelled.periods, cancelled.failed_attempts, cancelled.failed_charges), (2, 0, 1));
        assert_eq!(cancelled.subscription, renewed.subscription);
        assert_ne!(cancelled.example, renewed.example);
        assert_eq!(example(&names, &life, &life[3]).unwrap(), None);
        // Later events change nothing, and an outcome that the stream does not have is none.
        assert_eq!(example(&names, &life[..5], &life[4]).unwrap(), Some(renewed));
        assert!(example(&names, &life[..4], &life[4]).is_err());
    }

    #[test]
    fn nobody_is_named_and_the_schema_names_every_member() {
        let life = life();
        let made = example(&Pseudonyms::new("k"), &life, &life[5]).unwrap().unwrap();
        let text = serde_json::to_string(&made).unwrap();
        assert!(!["sub_1", "cust_1", "user_1", "p1"].iter().any(|id| text.contains(id)), "{text}");
        let members: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap();
        let named: Vec<&str> = SCHEMA.iter().map(|(name, _, _)| *name).collect();
        assert!(members.keys().all(|name| named.contains(&name.as_str())) && members.len() == named.len(), "{text}");
        let other = example(&Pseudonyms::new("other"), &life, &life[5]).unwrap().unwrap();
        assert_ne!(other.subscription, made.subscription);
    }
}
