//! What an entity contributes to the counters: a pure function of its events.
//!
//! - **Registrations**: a registration counts on the day on which it was complete, for the plan that was chosen.
//! - **Conversion**: a registration counts as begun on its first day, and so does what became of it: completed (for the
//!   plan that was chosen), or why it came to nothing. What is still under way is begun only.
//! - **Churn**: a cancellation counts on its day, for the plan that was cancelled, by its reason.
//! - **Monthly recurring revenue**: a subscription is worth the price of its period divided by the period's months, with
//!   four decimals, halves up. It counts on every day that is paid for: from the day on which a period begins up to the
//!   day before the one on which the last period ends. So it ends where nobody paid for more, whatever the reason, and
//!   a renewal that is paid late counts from where the last period ended. A change of plan ends the old period on the
//!   day of the change.

use std::collections::BTreeMap;
use std::ops::Neg;

use quoin_events::types::{CancellationReason, DeletionReason};
use quoin_events::{Envelope, Timestamp};
use quoin_membership_model::{Aggregate, Customer, CustomerEvent, Subscription, SubscriptionEvent, told};
use quoin_money::{Amount, Delta, MoneyError, Rounding};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::counter::{Counter, Measured, NO_PLAN};
use crate::error::Unfit;

/// Decimals of what a subscription is worth in a month.
const SCALE: u32 = 4;

/// Counters, and by how much each of them is moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Delta>", into = "BTreeMap<String, Delta>")]
pub struct Contribution(BTreeMap<Counter, Delta>);

impl TryFrom<BTreeMap<String, Delta>> for Contribution {
    type Error = String;

    fn try_from(stored: BTreeMap<String, Delta>) -> Result<Self, String> {
        stored.into_iter().map(|(name, delta)| Ok((name.parse()?, delta))).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Contribution> for BTreeMap<String, Delta> {
    fn from(contribution: Contribution) -> Self {
        contribution.0.into_iter().map(|(counter, delta)| (counter.to_string(), delta)).collect()
    }
}

impl Contribution {
    /// Moves a counter by `delta` more; what comes to nothing is not there.
    pub(crate) fn add(&mut self, counter: Counter, delta: Delta) -> Result<(), MoneyError> {
        let sum = self.0.get(&counter).copied().unwrap_or_default().and(delta)?;
        if sum.is_zero() {
            self.0.remove(&counter);
        } else {
            self.0.insert(counter, sum);
        }
        Ok(())
    }

    fn once(&mut self, measured: Measured, at: Timestamp, figure: &str, plan: &str) -> Result<(), MoneyError> {
        let counter = Counter { measured, day: at.day(), figure: figure.to_owned(), plan: plan.to_owned() };
        self.add(counter, Delta::plus(Amount::whole(1)))
    }

    /// What leads from `before` to this.
    ///
    /// # Errors
    /// If a sum has too many digits.
    pub fn since(&self, before: &Self) -> Result<Self, MoneyError> {
        let mut moved = self.clone();
        for (counter, delta) in &before.0 {
            moved.add(counter.clone(), Delta::new(delta.value().neg()))?;
        }
        Ok(moved)
    }

    /// All that move.
    pub fn iter(&self) -> impl Iterator<Item = (&Counter, Delta)> {
        self.0.iter().map(|(counter, delta)| (counter, *delta))
    }

    /// Whether nothing moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a customer's events contribute.
///
/// # Errors
/// If they make no customer.
pub(crate) fn customer(events: &[Envelope]) -> Result<Contribution, Unfit> {
    let (mut contribution, mut state) = (Contribution::default(), None::<Customer>);
    for envelope in events {
        let told = told::<Customer>(envelope)?;
        let after = Customer::after(state, &told)?;
        match &told.event {
            CustomerEvent::Created(_) => {
                contribution.once(Measured::Conversion, after.created_at, "begun", NO_PLAN)?;
            }
            CustomerEvent::Registered(event) => {
                contribution.once(Measured::Registrations, told.at, "registered", &event.plan)?;
                contribution.once(Measured::Conversion, after.created_at, "completed", &event.plan)?;
            }
            CustomerEvent::Deleted(event) if after.registered_at.is_none() => {
                contribution.once(Measured::Conversion, after.created_at, deletion(event.reason), NO_PLAN)?;
            }
            CustomerEvent::Deleted(_) => {}
        }
        state = Some(after);
    }
    state.map(|_| contribution).ok_or(Unfit::Empty)
}

const fn deletion(reason: DeletionReason) -> &'static str {
    match reason {
        DeletionReason::PaymentDeclined => "payment_declined",
        DeletionReason::PaymentExpired => "payment_expired",
        DeletionReason::Erasure => "erasure",
    }
}

const fn cancellation(reason: CancellationReason) -> &'static str {
    match reason {
        CancellationReason::Customer => "customer",
        CancellationReason::PaymentFailed => "payment_failed",
        CancellationReason::Erasure => "erasure",
    }
}

/// Time that is paid for.
struct Paid {
    start: Timestamp,
    end: Timestamp,
    plan: String,
    monthly: Amount,
}

impl Paid {
    fn new(plan: &str, price: Amount, start: Timestamp, end: Timestamp) -> Result<Self, Unfit> {
        let monthly = monthly(price, months(start, end)?)?;
        Ok(Self { start, end, plan: plan.to_owned(), monthly })
    }
}

/// What a subscription's events contribute.
///
/// # Errors
/// If they make no subscription.
pub(crate) fn subscription(events: &[Envelope]) -> Result<Contribution, Unfit> {
    let (mut contribution, mut state) = (Contribution::default(), None::<Subscription>);
    let mut paid: Vec<Paid> = Vec::new();
    for envelope in events {
        let told = told::<Subscription>(envelope)?;
        state = Some(Subscription::after(state, &told)?);
        match &told.event {
            SubscriptionEvent::Created(event) => {
                paid.push(Paid::new(&event.plan, event.price, event.period_start, event.period_end)?);
            }
            SubscriptionEvent::Renewed(event) => {
                paid.push(Paid::new(&event.plan, event.price, event.period_start, event.period_end)?);
            }
            SubscriptionEvent::PlanChanged(event) => {
                cut(&mut paid, event.period_start);
                paid.push(Paid::new(&event.plan, event.price, event.period_start, event.period_end)?);
            }
            SubscriptionEvent::Cancelled(event) => {
                cut(&mut paid, event.ends_at);
                contribution.once(Measured::Churn, told.at, cancellation(event.reason), &event.plan)?;
            }
            SubscriptionEvent::ChargeStarted(_) | SubscriptionEvent::ChargeFailed(_) => {}
        }
    }
    for Paid { start, end, plan, monthly } in paid {
        let step = |at: Timestamp| Counter {
            measured: Measured::Mrr,
            day: at.day(),
            figure: "step".to_owned(),
            plan: plan.clone(),
        };
        contribution.add(step(start), Delta::plus(monthly))?;
        contribution.add(step(end), Delta::minus(monthly))?;
    }
    state.map(|_| contribution).ok_or(Unfit::Empty)
}

/// What was paid for ends at `end`.
fn cut(paid: &mut Vec<Paid>, end: Timestamp) {
    paid.retain(|one| one.start < end);
    for one in paid {
        one.end = one.end.min(end);
    }
}

/// A month's part of a price that is paid for `months`.
fn monthly(price: Amount, months: u32) -> Result<Amount, MoneyError> {
    let part = price.value().checked_div(Decimal::from(months)).ok_or(MoneyError::Overflow)?;
    Amount::try_new(part)?.times(Decimal::ONE, SCALE, Rounding::HalfUp)
}

/// The months of a period: it ends on the day of the month on which it begins, or on the month's last one.
fn months(start: Timestamp, end: Timestamp) -> Result<u32, Unfit> {
    let number = |at: Timestamp| -> Option<u32> {
        let day = at.day();
        let mut parts = day.split('-').map(str::parse::<u32>);
        let (year, month) = (parts.next()?.ok()?, parts.next()?.ok()?);
        year.checked_mul(12)?.checked_add(month)
    };
    if end <= start {
        return Err(Unfit::Period);
    }
    let whole = number(start).zip(number(end)).and_then(|(start, end)| end.checked_sub(start));
    // A period of days is worth what a month of it costs.
    whole.map(|months| months.max(1)).ok_or(Unfit::Period)
}

#[cfg(test)]
mod tests;
