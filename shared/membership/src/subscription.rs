//! A subscription: its periods, what is being paid for, and what becomes of it when nobody pays.

mod decide;
#[cfg(test)]
mod tests;

use quoin_events::types::{
    CancellationReason, ChargePurpose, SubscriptionCancelled, SubscriptionChargeFailed, SubscriptionChargeStarted,
    SubscriptionCreated, SubscriptionPlanChanged, SubscriptionRenewed,
};
use quoin_events::{EventData, Timestamp};
use quoin_money::Amount;
use serde::{Deserialize, Serialize};

pub use decide::Refusal;

use crate::fold::{Aggregate, FoldError, Told};

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// It is renewed when its period ends.
    Active,
    /// The next period could not be charged yet; it is tried again.
    PastDue,
    /// It is not renewed any more, and lasts until its period ends.
    Cancelled,
}

/// A payment that is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charging {
    /// The payment.
    pub payment_id: String,
    /// What for.
    pub purpose: ChargePurpose,
}

/// What is known of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The subscription.
    pub subscription_id: String,
    /// Whose it is.
    pub customer_id: String,
    /// The account of the customer.
    pub user_id: String,
    /// Where it stands.
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
    /// When the first period of this plan began: what its months are counted from.
    pub anchor: Timestamp,
    /// Periods since then.
    pub since_anchor: u32,
    /// The first moment that was paid for last.
    pub period_start: Timestamp,
    /// The first moment that is not paid for.
    pub period_end: Timestamp,
    /// When it is to be charged next, unless it is not renewed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_charge_at: Option<Timestamp>,
    /// Attempts that came to nothing for the next period.
    #[serde(default)]
    pub failed_attempts: u32,
    /// The payment that is on its way, if one is: there is never a second one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charging: Option<Charging>,
    /// How many payments were begun: so that each has an id of its own.
    #[serde(default)]
    pub charges: u32,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation_reason: Option<CancellationReason>,
}

/// What happens to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionEvent {
    /// It began.
    Created(SubscriptionCreated),
    /// A payment is about to be asked for.
    ChargeStarted(SubscriptionChargeStarted),
    /// A payment came to nothing.
    ChargeFailed(SubscriptionChargeFailed),
    /// Another period is paid for.
    Renewed(SubscriptionRenewed),
    /// It is of another plan.
    PlanChanged(SubscriptionPlanChanged),
    /// It is not renewed any more.
    Cancelled(SubscriptionCancelled),
}

impl SubscriptionEvent {
    const fn name(&self) -> &'static str {
        match self {
            Self::Created(_) => SubscriptionCreated::NAME,
            Self::ChargeStarted(_) => SubscriptionChargeStarted::NAME,
            Self::ChargeFailed(_) => SubscriptionChargeFailed::NAME,
            Self::Renewed(_) => SubscriptionRenewed::NAME,
            Self::PlanChanged(_) => SubscriptionPlanChanged::NAME,
            Self::Cancelled(_) => SubscriptionCancelled::NAME,
        }
    }
}

impl Aggregate for Subscription {
    type Event = SubscriptionEvent;

    fn read(name: &str, data: &str) -> Result<SubscriptionEvent, String> {
        let read = match name {
            SubscriptionCreated::NAME => serde_json::from_str(data).map(SubscriptionEvent::Created),
            SubscriptionChargeStarted::NAME => serde_json::from_str(data).map(SubscriptionEvent::ChargeStarted),
            SubscriptionChargeFailed::NAME => serde_json::from_str(data).map(SubscriptionEvent::ChargeFailed),
            SubscriptionRenewed::NAME => serde_json::from_str(data).map(SubscriptionEvent::Renewed),
            SubscriptionPlanChanged::NAME => serde_json::from_str(data).map(SubscriptionEvent::PlanChanged),
            SubscriptionCancelled::NAME => serde_json::from_str(data).map(SubscriptionEvent::Cancelled),
            _ => return Err("it is no event of a subscription".to_owned()),
        };
        read.map_err(|error| error.to_string())
    }

    fn after(state: Option<Self>, told: &Told<SubscriptionEvent>) -> Result<Self, FoldError> {
        let unfit = || FoldError::Unfit(told.event.name());
        let Some(state) = state else {
            return match &told.event {
                SubscriptionEvent::Created(event) => Ok(Self::begun(event)),
                SubscriptionEvent::ChargeStarted(_)
                | SubscriptionEvent::ChargeFailed(_)
                | SubscriptionEvent::Renewed(_)
                | SubscriptionEvent::PlanChanged(_)
                | SubscriptionEvent::Cancelled(_) => Err(unfit()),
            };
        };
        if state.status == SubscriptionStatus::Cancelled {
            return Err(unfit());
        }
        match &told.event {
            SubscriptionEvent::Created(_) => Err(unfit()),
            SubscriptionEvent::ChargeStarted(event) if state.charging.is_none() => Ok(state.charged_with(event)),
            SubscriptionEvent::ChargeStarted(_) => Err(unfit()),
            SubscriptionEvent::ChargeFailed(event) if state.is_charging(Some(&event.payment_id)) => {
                Ok(state.failed(event))
            }
            SubscriptionEvent::Renewed(event) if state.is_charging(event.payment_id.as_deref()) => {
                Ok(state.renewed(event))
            }
            SubscriptionEvent::PlanChanged(event) if state.is_charging(event.payment_id.as_deref()) => {
                Ok(state.changed(event))
            }
            SubscriptionEvent::ChargeFailed(_) | SubscriptionEvent::Renewed(_) | SubscriptionEvent::PlanChanged(_) => {
                Err(unfit())
            }
            SubscriptionEvent::Cancelled(event) => Ok(Self {
                status: SubscriptionStatus::Cancelled,
                next_charge_at: None,
                charging: None,
                cancelled_at: Some(told.at),
                cancellation_reason: Some(event.reason),
                ..state
            }),
        }
    }
}

impl Subscription {
    /// Whether the payment that is on its way is this one; or none, for what is not paid for with one.
    fn is_charging(&self, payment_id: Option<&str>) -> bool {
        self.charging.as_ref().map(|charging| charging.payment_id.as_str()) == payment_id
    }

    fn begun(event: &SubscriptionCreated) -> Self {
        Self {
            subscription_id: event.subscription_id.clone(),
            customer_id: event.customer_id.clone(),
            user_id: event.user_id.clone(),
            status: SubscriptionStatus::Active,
            plan: event.plan.clone(),
            price: event.price,
            currency: event.currency.clone(),
            credit: Amount::ZERO,
            began_at: event.period_start,
            period: 1,
            anchor: event.period_start,
            since_anchor: 1,
            period_start: event.period_start,
            period_end: event.period_end,
            next_charge_at: Some(event.period_end),
            failed_attempts: 0,
            charging: None,
            charges: 1,
            cancelled_at: None,
            cancellation_reason: None,
        }
    }

    fn charged_with(self, event: &SubscriptionChargeStarted) -> Self {
        let charging = Charging { payment_id: event.payment_id.clone(), purpose: event.purpose };
        Self { charging: Some(charging), charges: self.charges.saturating_add(1), ..self }
    }

    fn failed(self, event: &SubscriptionChargeFailed) -> Self {
        match event.purpose {
            // Nothing changes for somebody who could not pay for another plan.
            ChargePurpose::PlanChange | ChargePurpose::Registration => Self { charging: None, ..self },
            ChargePurpose::Renewal => Self {
                status: SubscriptionStatus::PastDue,
                charging: None,
                failed_attempts: event.attempt,
                next_charge_at: event.next_attempt_at,
                ..self
            },
        }
    }

    fn renewed(self, event: &SubscriptionRenewed) -> Self {
        Self {
            status: SubscriptionStatus::Active,
            // Nothing is credited but what there was.
            credit: self.credit.minus(event.credit).unwrap_or(Amount::ZERO),
            period: event.period,
            since_anchor: self.since_anchor.saturating_add(1),
            period_start: event.period_start,
            period_end: event.period_end,
            next_charge_at: Some(event.period_end),
            failed_attempts: 0,
            charging: None,
            ..self
        }
    }

    fn changed(self, event: &SubscriptionPlanChanged) -> Self {
        Self {
            status: SubscriptionStatus::Active,
            plan: event.plan.clone(),
            price: event.price,
            credit: event.credit_left,
            period: event.period,
            anchor: event.period_start,
            since_anchor: 1,
            period_start: event.period_start,
            period_end: event.period_end,
            next_charge_at: Some(event.period_end),
            failed_attempts: 0,
            charging: None,
            ..self
        }
    }
}
