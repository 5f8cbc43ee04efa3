//! What may be done with a subscription: each decision is the events that it makes.

use quoin_events::Timestamp;
use quoin_events::types::{
    CancellationReason, ChargeFailure, ChargePurpose, SubscriptionCancelled, SubscriptionChargeFailed,
    SubscriptionChargeStarted, SubscriptionPlanChanged, SubscriptionRenewed,
};
use quoin_money::MoneyError;

use super::{Subscription, SubscriptionEvent, SubscriptionStatus};
use crate::calendar::after_months;
use crate::plan::{Plan, Plans};
use crate::quote::{Quote, unused};

/// Why something is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not renewed any more.
    #[error("the subscription is cancelled")]
    Cancelled,
    /// A payment is on its way, and its end comes first.
    #[error("a payment for the subscription is on its way")]
    Charging,
    /// The next period has not been paid for yet, and that comes first.
    #[error("the subscription's last period is not paid")]
    PastDue,
    /// It is of this plan already.
    #[error("the subscription is of this plan already")]
    SamePlan,
    /// Nobody can subscribe to this.
    #[error("there is no such plan")]
    NoSuchPlan,
    /// An amount has no end.
    #[error("the amounts are too large")]
    Amount,
}

impl From<MoneyError> for Refusal {
    fn from(_: MoneyError) -> Self {
        Self::Amount
    }
}

impl Subscription {
    fn is_free(&self) -> Result<(), Refusal> {
        if self.status == SubscriptionStatus::Cancelled {
            return Err(Refusal::Cancelled);
        }
        if self.charging.is_some() { Err(Refusal::Charging) } else { Ok(()) }
    }

    /// Whether its next period is to be charged at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_free().is_ok() && self.next_charge_at.is_some_and(|at| at <= now)
    }

    /// What the next period costs; it begins where the last one ends, whenever it is paid.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn renewal(&self, plans: &Plans) -> Result<Quote, Refusal> {
        self.is_free()?;
        let months = plans.find(&self.plan).ok_or(Refusal::NoSuchPlan)?.months;
        // Counted from the anchor, so that the day of the month comes back after a short month.
        let end = after_months(self.anchor, months.saturating_mul(self.since_anchor.saturating_add(1)));
        Ok(Quote::of(&self.plan, self.price, self.credit, (self.period_end, end))?)
    }

    /// What a change to `plan` at `now` costs: a new period begins at once, and what is left of the one that was paid
    /// for is taken off its price. Credit is rounded down to `scale` decimals.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn plan_change(&self, plan: &Plan, now: Timestamp, scale: u32) -> Result<Quote, Refusal> {
        self.is_free()?;
        if self.status == SubscriptionStatus::PastDue || self.period_end <= now {
            return Err(Refusal::PastDue);
        }
        if plan.plan == self.plan {
            return Err(Refusal::SamePlan);
        }
        // A period that was paid for ahead of its begin is unused as a whole.
        let mut credit = self.credit.plus(unused(self.price, (self.period_start, self.period_end), now, scale)?)?;
        if now < self.period_start {
            let before = self.earlier_period_left(now, scale)?;
            credit = credit.plus(before)?;
        }
        Ok(Quote::of(&plan.plan, plan.price, credit, (now, after_months(now, plan.months)))?)
    }

    /// What is left of the periods before the one that was paid for last: they reach from now to its begin.
    fn earlier_period_left(&self, now: Timestamp, scale: u32) -> Result<quoin_money::Amount, MoneyError> {
        // All periods of a plan cost the same, so the time that is left is worth its share of that price.
        let length = self.period_end.millis().saturating_sub(self.period_start.millis());
        let begin = Timestamp::from_millis(self.period_start.millis().saturating_sub(length));
        unused(self.price, (begin, self.period_start), now, scale)
    }

    /// A payment of `quote` begins.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn start_charge(
        &self,
        payment_id: &str,
        purpose: ChargePurpose,
        quote: &Quote,
    ) -> Result<SubscriptionEvent, Refusal> {
        self.is_free()?;
        Ok(SubscriptionEvent::ChargeStarted(SubscriptionChargeStarted {
            subscription_id: self.subscription_id.clone(),
            customer_id: self.customer_id.clone(),
            user_id: self.user_id.clone(),
            payment_id: payment_id.to_owned(),
            purpose,
            plan: quote.plan.clone(),
            amount: quote.amount,
            attempt: self.attempt(purpose),
        }))
    }

    /// The number of the attempt that would be next.
    const fn attempt(&self, purpose: ChargePurpose) -> u32 {
        match purpose {
            ChargePurpose::Renewal => self.failed_attempts.saturating_add(1),
            ChargePurpose::PlanChange | ChargePurpose::Registration => 1,
        }
    }

    /// What `quote` asks for is paid for, with `payment_id` unless there was nothing to pay.
    #[must_use]
    pub fn paid(&self, purpose: ChargePurpose, quote: &Quote, payment_id: Option<&str>) -> SubscriptionEvent {
        let period = self.period.saturating_add(1);
        match purpose {
            ChargePurpose::Renewal | ChargePurpose::Registration => SubscriptionEvent::Renewed(SubscriptionRenewed {
                subscription_id: self.subscription_id.clone(),
                customer_id: self.customer_id.clone(),
                user_id: self.user_id.clone(),
                plan: quote.plan.clone(),
                price: quote.price,
                credit: quote.credit,
                amount: quote.amount,
                currency: self.currency.clone(),
                payment_id: payment_id.map(str::to_owned),
                period,
                period_start: quote.period_start,
                period_end: quote.period_end,
            }),
            ChargePurpose::PlanChange => SubscriptionEvent::PlanChanged(SubscriptionPlanChanged {
                subscription_id: self.subscription_id.clone(),
                customer_id: self.customer_id.clone(),
                user_id: self.user_id.clone(),
                plan_before: self.plan.clone(),
                plan: quote.plan.clone(),
                price: quote.price,
                credit: quote.credit,
                amount: quote.amount,
                credit_left: quote.credit_left,
                currency: self.currency.clone(),
                payment_id: payment_id.map(str::to_owned),
                period,
                period_start: quote.period_start,
                period_end: quote.period_end,
            }),
        }
    }

    /// The payment of `quote` came to nothing at `now`. After the last attempt at a renewal the subscription lapses.
    #[must_use]
    pub fn not_paid(
        &self,
        (payment_id, purpose): (&str, ChargePurpose),
        quote: &Quote,
        failure_reason: ChargeFailure,
        plans: &Plans,
        now: Timestamp,
    ) -> Vec<SubscriptionEvent> {
        let attempt = self.attempt(purpose);
        let next_attempt_at = match purpose {
            ChargePurpose::Renewal => plans.next_attempt_at(attempt, now.max(self.period_end)),
            ChargePurpose::PlanChange | ChargePurpose::Registration => None,
        };
        let failed = SubscriptionEvent::ChargeFailed(SubscriptionChargeFailed {
            subscription_id: self.subscription_id.clone(),
            customer_id: self.customer_id.clone(),
            user_id: self.user_id.clone(),
            payment_id: payment_id.to_owned(),
            purpose,
            plan: quote.plan.clone(),
            amount: quote.amount,
            currency: self.currency.clone(),
            attempt,
            failure_reason,
            next_attempt_at,
        });
        let lapses = purpose == ChargePurpose::Renewal && next_attempt_at.is_none();
        std::iter::once(failed).chain(lapses.then(|| self.cancelled(CancellationReason::PaymentFailed))).collect()
    }

    /// It is not renewed any more.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn cancel(&self, reason: CancellationReason) -> Result<SubscriptionEvent, Refusal> {
        self.is_free()?;
        Ok(self.cancelled(reason))
    }

    fn cancelled(&self, reason: CancellationReason) -> SubscriptionEvent {
        SubscriptionEvent::Cancelled(SubscriptionCancelled {
            subscription_id: self.subscription_id.clone(),
            customer_id: self.customer_id.clone(),
            user_id: self.user_id.clone(),
            plan: self.plan.clone(),
            price: self.price,
            currency: self.currency.clone(),
            reason,
            ends_at: self.period_end,
            began_at: self.began_at,
            periods: self.period,
        })
    }
}
