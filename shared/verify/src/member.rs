//! Streams of members: registrations, payments for subscriptions and erasures that stand still; customers and
//! subscriptions that are not what their events make of them; and each payment with the period that it paid for.

use std::fmt;

use quoin_events::types::PaymentProcessed;
use quoin_events::{Envelope, EventData, Timestamp};
use quoin_membership_model::{Aggregate, Customer, Subscription, SubscriptionEvent, fold, told};
use quoin_money::Amount;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Break, Entry, Kind, Settings};

/// How late a subscription may be charged: a day, in milliseconds.
pub const LATE_CHARGE_MS: i64 = 86_400_000;

/// A payment and what it paid for, as either side tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// The payment.
    pub payment_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// What was paid.
    pub amount: Amount,
}

impl fmt::Display for Paid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for subscription#{} with charge#{}", self.amount, self.subscription_id, self.payment_id)
    }
}

/// Whether all of the stream `pk` is looked at by [`check_member`].
#[must_use]
pub fn is_member(pk: &str) -> bool {
    matches!(pk.split_once('#'), Some(("saga" | "customer" | "subscription" | "charge" | "erasure", _)))
}

/// The breaks in what a member's stream says.
#[must_use]
pub fn check_member(stream: &[Entry], now: Timestamp, settings: &Settings) -> Vec<Break> {
    let Some(last) = stream.iter().rev().find(|entry| entry.state.is_some()) else { return Vec::new() };
    let expiry = settings.payment_expiry_ms;
    let late = |status, since| stands_still(last, (status, since), expiry, now, settings).into_iter().collect();
    match last.pk.split_once('#').map(|(kind, _)| kind) {
        Some("saga") => late("paying", "begun_at"),
        Some("charge") => late("initiated", "initiated_at"),
        Some("erasure") => late("waiting", "requested_at"),
        Some("customer") => not_told::<Customer>(stream, last).into_iter().collect(),
        Some("subscription") => {
            not_told::<Subscription>(stream, last).into_iter().chain(not_charged(last, now, settings)).collect()
        }
        _ => Vec::new(),
    }
}

/// A state, by the names that it gives its status and the moment when it began.
fn stands_still(
    last: &Entry,
    (status, since): (&str, &str),
    most_ms: i64,
    now: Timestamp,
    settings: &Settings,
) -> Option<Break> {
    let state: serde_json::Value = serde_json::from_str(last.state.as_deref()?).ok()?;
    let began: Timestamp = state.get(since)?.as_str()?.parse().ok()?;
    let due = began.plus_millis(most_ms);
    let is_late = state.get("status")?.as_str()? == status && now > due.plus_millis(settings.grace_ms);
    is_late.then(|| {
        Break::new(Kind::OpenSaga, last.pk.clone(), format!("{status} since {began}"), format!("ended by {due}"))
    })
}

/// The break where the state is not the fold of the events.
fn not_told<A: Aggregate + DeserializeOwned + PartialEq>(stream: &[Entry], last: &Entry) -> Option<Break> {
    let wrong = |found: String| Some(Break::new(Kind::State, last.place(), found, "the state that its events make"));
    let events = stream.iter().flat_map(|entry| entry.events.iter().cloned());
    let folded = match fold::<A>(events) {
        Ok(folded) => folded,
        Err(error) => return wrong(error.to_string()),
    };
    match serde_json::from_str::<A>(last.state.as_deref()?) {
        Ok(stored) if Some(&stored) == folded.as_ref() => None,
        Ok(_) => wrong("another state".to_owned()),
        Err(error) => wrong(error.to_string()),
    }
}

/// The break where the next period was to be charged long ago, and nobody has begun to.
fn not_charged(last: &Entry, now: Timestamp, settings: &Settings) -> Option<Break> {
    #[derive(Deserialize)]
    struct Standing {
        next_charge_at: Option<Timestamp>,
        charging: Option<serde::de::IgnoredAny>,
    }
    let standing: Standing = serde_json::from_str(last.state.as_deref()?).ok()?;
    let due = standing.next_charge_at.filter(|_| standing.charging.is_none())?;
    let is_late = now > due.plus_millis(LATE_CHARGE_MS).plus_millis(settings.grace_ms);
    is_late.then(|| Break::new(Kind::OverdueCharge, last.pk.clone(), "not charged yet", format!("charged at {due}")))
}

/// What a stream says that was paid: a payment's own, or a subscription's.
#[must_use]
pub fn paid(stream: &[Entry]) -> Vec<Paid> {
    stream.iter().flat_map(|entry| &entry.events).filter_map(payment_in).collect()
}

/// The stream that has to say the same.
#[must_use]
pub fn other_side(pk: &str, paid: &Paid) -> String {
    if pk.starts_with("charge#") {
        format!("subscription#{}", paid.subscription_id)
    } else {
        format!("charge#{}", paid.payment_id)
    }
}

/// The break where the stream `pk` tells of a payment and the other side does not.
#[must_use]
pub fn one_sided(pk: &str, paid: &Paid) -> Break {
    Break::new(Kind::SubscriptionPayment, pk, paid, format!("the same in {}", other_side(pk, paid)))
}

fn payment_in(event: &Envelope) -> Option<Paid> {
    let of = |payment_id: String, subscription_id: String, amount| Some(Paid { payment_id, subscription_id, amount });
    if event.event == PaymentProcessed::NAME {
        let told: PaymentProcessed = event.data().ok()?;
        return of(told.payment_id, told.subscription_id, told.amount);
    }
    // One that cannot be read is no part of a state either, and told as that.
    match told::<Subscription>(event).ok()?.event {
        // Nobody has credit before the first period.
        SubscriptionEvent::Created(told) => of(told.payment_id, told.subscription_id, told.price),
        SubscriptionEvent::Renewed(told) => of(told.payment_id?, told.subscription_id, told.amount),
        SubscriptionEvent::PlanChanged(told) => of(told.payment_id?, told.subscription_id, told.amount),
        SubscriptionEvent::ChargeStarted(_) | SubscriptionEvent::ChargeFailed(_) | SubscriptionEvent::Cancelled(_) => {
            None
        }
    }
}
