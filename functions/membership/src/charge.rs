//! A payment for a subscription as a state machine: what a report about it changes. Pure and total.

use quoin_events::Timestamp;
use quoin_events::types::{ChargeFailure, ChargePurpose, PaymentProcessed};
use quoin_membership_model::Quote;
use quoin_payments::{Decision, Order, Taken};
use quoin_store::Stream;
use serde::{Deserialize, Serialize};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The provider is asked, or about to be.
    Initiated,
    /// The money is there.
    Succeeded,
    /// It will never come.
    Failed,
}

/// A payment for a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) payment_id: String,
    pub(crate) customer_id: String,
    pub(crate) user_id: String,
    pub(crate) subscription_id: String,
    /// The registration that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) saga_id: Option<String>,
    pub(crate) purpose: ChargePurpose,
    /// What is paid for; the amount is never nothing.
    pub(crate) quote: Quote,
    pub(crate) currency: String,
    pub(crate) provider: String,
    pub(crate) status: Status,
    /// Correlation of the request that it came with, for everything that is said of it later.
    pub(crate) request_id: String,
    pub(crate) initiated_at: Timestamp,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider_reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure_reason: Option<ChargeFailure>,
    /// The provider said that it will never be made, and then that it was: people see to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_contradicted: bool,
}

/// What is said of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// The provider took the request.
    Taken { reference: String },
    /// The money is there.
    Succeeded { reference: String },
    /// No money will come, because the provider refuses it.
    Declined { reference: Option<String> },
    /// No money will come, because we asked for that.
    Cancelled { reference: Option<String> },
}

impl From<Taken> for Report {
    fn from(taken: Taken) -> Self {
        match taken.decision {
            Some(decision) => decision.into(),
            None => Self::Taken { reference: taken.reference },
        }
    }
}

impl From<Decision> for Report {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Succeeded { reference } => Self::Succeeded { reference },
            Decision::Failed { reference } => Self::Declined { reference },
        }
    }
}

/// What a report changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing that was not known.
    Nothing,
    /// Something to remember, and nothing to follow from it.
    Noted(Charge),
    /// The money is there.
    Succeeded(Charge),
    /// It will never come.
    Failed(Charge, ChargeFailure),
}

impl Charge {
    /// The stream of a payment.
    pub(crate) fn stream(payment_id: &str) -> Stream {
        Stream::new("charge", payment_id)
    }

    /// What the provider is asked for; it is paid with `method`.
    pub(crate) fn order<'a>(&'a self, method: &'a str) -> Order<'a> {
        Order {
            payment_id: &self.payment_id,
            amount: self.quote.amount,
            method,
            callback_path: "/api/charges/callbacks",
        }
    }

    /// What tells that it is paid.
    pub(crate) fn processed(&self) -> PaymentProcessed {
        PaymentProcessed {
            payment_id: self.payment_id.clone(),
            customer_id: self.customer_id.clone(),
            user_id: self.user_id.clone(),
            subscription_id: self.subscription_id.clone(),
            purpose: self.purpose,
            plan: self.quote.plan.clone(),
            price: self.quote.price,
            credit: self.quote.credit,
            amount: self.quote.amount,
            currency: self.currency.clone(),
            provider: self.provider.clone(),
            provider_reference: self.provider_reference.clone().unwrap_or_default(),
            period_start: self.quote.period_start,
            period_end: self.quote.period_end,
        }
    }

    /// The same payment after `report`.
    pub(crate) fn after(&self, report: &Report) -> Step {
        match (self.status, report) {
            (Status::Initiated, Report::Succeeded { reference }) => {
                // The reference that came with the money is the one to reconcile it by.
                let reference = Some(reference.clone());
                Step::Succeeded(Self { status: Status::Succeeded, provider_reference: reference, ..self.clone() })
            }
            (Status::Initiated, Report::Declined { reference }) => self.failed(reference, ChargeFailure::Declined),
            (Status::Initiated, Report::Cancelled { reference }) => self.failed(reference, ChargeFailure::Expired),
            (Status::Failed, Report::Succeeded { .. }) if !self.is_contradicted => {
                Step::Noted(Self { is_contradicted: true, ..self.clone() })
            }
            (_, Report::Taken { reference }) if self.provider_reference.is_none() => {
                Step::Noted(Self { provider_reference: Some(reference.clone()), ..self.clone() })
            }
            (Status::Initiated | Status::Succeeded | Status::Failed, Report::Taken { .. })
            | (Status::Succeeded, Report::Succeeded { .. })
            | (Status::Succeeded | Status::Failed, Report::Declined { .. } | Report::Cancelled { .. })
            | (Status::Failed, Report::Succeeded { .. }) => Step::Nothing,
        }
    }

    fn failed(&self, reference: &Option<String>, reason: ChargeFailure) -> Step {
        let next = Self {
            status: Status::Failed,
            failure_reason: Some(reason),
            provider_reference: self.provider_reference.clone().or_else(|| reference.clone()),
            ..self.clone()
        };
        Step::Failed(next, reason)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use quoin_money::Amount;

    pub(crate) fn charge() -> Charge {
        let (start, end) = (Timestamp::from_millis(0), Timestamp::from_millis(1_000));
        Charge {
            payment_id: "pay_1".to_owned(),
            customer_id: "cust_1".to_owned(),
            user_id: "user_1".to_owned(),
            subscription_id: "sub_1".to_owned(),
            saga_id: Some("saga_1".to_owned()),
            purpose: ChargePurpose::Registration,
            quote: Quote::of("monthly", Amount::whole(10), Amount::ZERO, (start, end)).unwrap(),
            currency: "INR".to_owned(),
            provider: "sandbox".to_owned(),
            status: Status::Initiated,
            request_id: "req_1".to_owned(),
            initiated_at: start,
            provider_reference: None,
            failure_reason: None,
            is_contradicted: false,
        }
    }

    fn report() -> impl Strategy<Value = Report> {
        let reference = "[a-c]{1,3}";
        prop_oneof![
            reference.prop_map(|reference| Report::Taken { reference }),
            reference.prop_map(|reference| Report::Succeeded { reference }),
            prop::option::of(reference).prop_map(|reference| Report::Declined { reference }),
            prop::option::of(reference).prop_map(|reference| Report::Cancelled { reference }),
        ]
    }

    proptest! {
        #[test]
        fn a_payment_ends_once_as_it_was_first_said(reports in prop::collection::vec(report(), 0..8)) {
            let (mut state, mut ends) = (charge(), Vec::new());
            for report in &reports {
                state = match state.after(report) {
                    Step::Nothing => state,
                    Step::Noted(next) => next,
                    Step::Succeeded(next) | Step::Failed(next, _) => { ends.push(next.status); next }
                };
            }
            let first = reports.iter().find_map(|report| match report {
                Report::Taken { .. } => None,
                Report::Succeeded { .. } => Some(Status::Succeeded),
                Report::Declined { .. } | Report::Cancelled { .. } => Some(Status::Failed),
            });
            prop_assert_eq!(ends, first.into_iter().collect::<Vec<_>>());
            let later = reports.iter().any(|report| matches!(report, Report::Succeeded { .. }));
            prop_assert_eq!(state.is_contradicted, later && state.status == Status::Failed);
        }
    }
}
