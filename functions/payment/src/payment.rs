//! A payment as a state machine: what a report about it changes, and which event that is. Pure and total.

use quoin_events::types::{DepositFailed, DepositFailure, DepositInitiated, DepositSuccess};
use quoin_events::{Draft, Timestamp};
use quoin_money::{Amount, Asset};
use quoin_payments::{Decision, Order, Taken};
use serde::{Deserialize, Serialize};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PaymentStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// A rule of ours refused it; the provider never heard of it.
    Refused,
    /// The provider is asked, or about to be.
    Initiated,
    /// The money is there.
    Succeeded,
    /// It came to nothing, so far: money that comes after all is still taken.
    Failed,
}

/// A deposit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) payment_id: String,
    pub(crate) user_id: String,
    pub(crate) amount: Amount,
    pub(crate) asset: Asset,
    pub(crate) method: String,
    pub(crate) provider: String,
    pub(crate) status: Status,
    /// Correlation of the request that it came with, for everything that is said of it later.
    pub(crate) request_id: String,
    pub(crate) initiated_at: Timestamp,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider_reference: Option<String>,
    /// Where the provider wants the user to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redirect_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure_reason: Option<DepositFailure>,
    /// When deposit limits counted it; a failure gives that back, and a success that comes after all counts again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit_counted_at: Option<Timestamp>,
}

/// What is said of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// The provider took the request.
    Taken { reference: String, redirect_url: Option<String> },
    /// The provider says that the money came.
    Succeeded { reference: String },
    /// The provider says that no money will come.
    Failed { reference: Option<String> },
    /// The time is up, and the provider does not say that the money came.
    Expired,
}

impl From<Taken> for Report {
    fn from(taken: Taken) -> Self {
        match taken.decision {
            Some(decision) => decision.into(),
            None => Self::Taken { reference: taken.reference, redirect_url: taken.redirect_url },
        }
    }
}

impl From<Decision> for Report {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Succeeded { reference } => Self::Succeeded { reference },
            Decision::Failed { reference } => Self::Failed { reference },
        }
    }
}

impl Report {
    /// Whether it is the provider's word on the end of the payment.
    pub(crate) const fn is_decision(&self) -> bool {
        match self {
            Self::Succeeded { .. } | Self::Failed { .. } => true,
            Self::Taken { .. } | Self::Expired => false,
        }
    }
}

/// What a report changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing that was not known: not written.
    Nothing,
    /// The provider's names for it are known.
    Noted(Payment),
    /// The money is there.
    Succeeded(Payment, DepositSuccess),
    /// It came to nothing.
    Failed(Payment, DepositFailed),
}

impl Payment {
    /// What the provider is asked for.
    pub(crate) fn order(&self) -> Order<'_> {
        Order {
            payment_id: &self.payment_id,
            amount: self.amount,
            method: &self.method,
            callback_path: "/api/payments/callbacks",
        }
    }

    /// What announces the payment.
    pub(crate) fn initiated(&self) -> DepositInitiated {
        DepositInitiated {
            payment_id: self.payment_id.clone(),
            user_id: self.user_id.clone(),
            amount: self.amount,
            asset: self.asset,
            method: self.method.clone(),
        }
    }

    /// Whether nobody but us has said how it ended, if it has: the provider is still to decide.
    pub(crate) fn is_undecided(&self) -> bool {
        match self.status {
            Status::Initiated => true,
            Status::Failed => self.failure_reason == Some(DepositFailure::Expired),
            Status::Refused | Status::Succeeded => false,
        }
    }

    /// The same payment after `report`.
    pub(crate) fn after(&self, report: &Report) -> Step {
        match (self.status, report) {
            (Status::Refused, _)
            | (Status::Succeeded, Report::Succeeded { .. } | Report::Failed { .. } | Report::Expired)
            | (Status::Failed, Report::Failed { .. } | Report::Expired) => Step::Nothing,
            (Status::Initiated | Status::Succeeded | Status::Failed, Report::Taken { reference, redirect_url }) => {
                self.noted(reference, redirect_url.as_ref())
            }
            (Status::Initiated | Status::Failed, Report::Succeeded { reference }) => self.succeeded(reference),
            (Status::Initiated, Report::Failed { reference }) => {
                self.failed(DepositFailure::Declined, reference.clone())
            }
            (Status::Initiated, Report::Expired) => self.failed(DepositFailure::Expired, None),
        }
    }

    fn noted(&self, reference: &str, redirect_url: Option<&String>) -> Step {
        let mut next = self.clone();
        next.provider_reference.get_or_insert_with(|| reference.to_owned());
        next.redirect_url = next.redirect_url.or_else(|| redirect_url.cloned());
        if next == *self { Step::Nothing } else { Step::Noted(next) }
    }

    fn succeeded(&self, reference: &str) -> Step {
        let mut next = self.clone();
        next.status = Status::Succeeded;
        next.failure_reason = None;
        // The reference that came with the money is the one to reconcile it by.
        next.provider_reference = Some(reference.to_owned());
        let event = DepositSuccess {
            payment_id: self.payment_id.clone(),
            user_id: self.user_id.clone(),
            amount: self.amount,
            asset: self.asset,
            method: self.method.clone(),
            provider: self.provider.clone(),
            provider_reference: reference.to_owned(),
            limit_counted_at: self.limit_counted_at,
        };
        Step::Succeeded(next, event)
    }

    fn failed(&self, reason: DepositFailure, reference: Option<String>) -> Step {
        let mut next = self.clone();
        next.status = Status::Failed;
        next.failure_reason = Some(reason);
        next.provider_reference = next.provider_reference.or(reference);
        next.limit_counted_at = None;
        let event = DepositFailed {
            payment_id: self.payment_id.clone(),
            user_id: self.user_id.clone(),
            amount: self.amount,
            asset: self.asset,
            failure_reason: reason,
            limit_counted_at: self.limit_counted_at,
        };
        Step::Failed(next, event)
    }
}

impl Step {
    /// The state to write and the event that goes with it; nothing for nothing.
    pub(crate) fn outcome(self, now: Timestamp) -> Result<Option<(Payment, Option<Draft>)>, serde_json::Error> {
        Ok(match self {
            Self::Nothing => None,
            Self::Noted(payment) => Some((payment, None)),
            Self::Succeeded(payment, event) => Some((payment, Some(Draft::new(&event, now)?))),
            Self::Failed(payment, event) => Some((payment, Some(Draft::new(&event, now)?))),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn payment() -> Payment {
        Payment {
            payment_id: "pay_1".to_owned(),
            user_id: "u1".to_owned(),
            amount: "450.1".parse().unwrap(),
            asset: Asset::Cash,
            method: "sandbox".to_owned(),
            provider: "sandbox".to_owned(),
            status: Status::Initiated,
            request_id: "req_1".to_owned(),
            initiated_at: Timestamp::from_millis(1_000),
            provider_reference: None,
            redirect_url: None,
            failure_reason: None,
            limit_counted_at: Some(Timestamp::from_millis(1_000)),
        }
    }

    fn report() -> impl Strategy<Value = Report> {
        let reference = "[a-c]{1,3}";
        prop_oneof![
            (reference, prop::option::of("https://[a-z]{1,3}"))
                .prop_map(|(reference, redirect_url)| Report::Taken { reference, redirect_url }),
            reference.prop_map(|reference| Report::Succeeded { reference }),
            prop::option::of(reference).prop_map(|reference| Report::Failed { reference }),
            Just(Report::Expired),
        ]
    }

    /// The payment after all of `reports`, and the names of its events in order.
    fn fold(reports: &[Report]) -> (Payment, Vec<&'static str>) {
        reports.iter().fold((payment(), Vec::new()), |(payment, mut events), report| {
            match payment.after(report).outcome(Timestamp::from_millis(2_000)).unwrap() {
                None => (payment, events),
                Some((next, event)) => {
                    events.extend(event.map(|draft| draft.event()));
                    (next, events)
                }
            }
        })
    }

    #[test]
    fn a_success_after_the_expiry_is_honoured() {
        let (payment, events) = fold(&[Report::Expired, Report::Succeeded { reference: "r".to_owned() }]);
        assert_eq!((payment.status, payment.failure_reason), (Status::Succeeded, None));
        assert_eq!(events, ["DepositFailed", "DepositSuccess"]);
    }

    #[test]
    fn what_limits_counted_is_given_back_or_kept_but_never_both() {
        let succeed = Report::Succeeded { reference: "r".to_owned() };
        let (Step::Succeeded(_, at_once), Step::Failed(failed, failure)) =
            (payment().after(&succeed), payment().after(&Report::Expired))
        else {
            panic!("a payment succeeds and expires")
        };
        let counted_at = payment().limit_counted_at;
        assert_eq!((at_once.limit_counted_at, failure.limit_counted_at), (counted_at, counted_at));
        let Step::Succeeded(_, late) = failed.after(&succeed) else { panic!("an expired payment succeeds") };
        assert_eq!(late.limit_counted_at, None);
    }

    #[test]
    fn an_expiry_decides_nothing_and_the_provider_does() {
        let expired = fold(&[Report::Expired]).0;
        assert!(payment().is_undecided() && expired.is_undecided());
        assert!(!fold(&[Report::Expired, Report::Succeeded { reference: "r".to_owned() }]).0.is_undecided());
        assert!(!fold(&[Report::Failed { reference: None }]).0.is_undecided());
        assert!(!Payment { status: Status::Refused, ..payment() }.is_undecided());
    }

    #[test]
    fn the_reference_may_come_after_the_callback() {
        let taken = Report::Taken { reference: "r".to_owned(), redirect_url: Some("https://p".to_owned()) };
        let (payment, events) = fold(&[Report::Succeeded { reference: "r".to_owned() }, taken.clone(), taken]);
        assert_eq!(payment.redirect_url.as_deref(), Some("https://p"));
        assert_eq!((payment.status, events.as_slice()), (Status::Succeeded, ["DepositSuccess"].as_slice()));
    }

    proptest! {
        #[test]
        fn no_order_of_reports_yields_two_successes_or_loses_one(reports in prop::collection::vec(report(), 0..12)) {
            let (payment, events) = fold(&reports);
            let count = |name: &str| events.iter().filter(|event| **event == name).count();
            let paid = reports.iter().any(|report| matches!(report, Report::Succeeded { .. }));
            prop_assert_eq!(count("DepositSuccess"), usize::from(paid));
            prop_assert_eq!(payment.status == Status::Succeeded, paid);
            prop_assert!(count("DepositFailed") <= 1);
            let failed = events.iter().position(|event| *event == "DepositFailed");
            let succeeded = events.iter().position(|event| *event == "DepositSuccess");
            prop_assert!(failed.zip(succeeded).is_none_or(|(failed, succeeded)| failed < succeeded));
        }

        #[test]
        fn a_repeated_report_changes_nothing(reports in prop::collection::vec(report(), 1..8)) {
            let (payment, _) = fold(&reports);
            prop_assert_eq!(payment.after(reports.last().unwrap()), Step::Nothing);
        }

        #[test]
        fn what_a_payment_is_never_changes(reports in prop::collection::vec(report(), 0..8)) {
            let (after, before) = (fold(&reports).0, payment());
            prop_assert_eq!((&after.payment_id, &after.user_id, after.amount, after.asset), (&before.payment_id, &before.user_id, before.amount, before.asset));
            let text = serde_json::to_string(&after).unwrap();
            prop_assert_eq!(serde_json::from_str::<Payment>(&text).unwrap(), after);
        }

        #[test]
        fn a_refused_payment_stays_refused(report in report()) {
            let refused = Payment { status: Status::Refused, ..payment() };
            prop_assert_eq!(refused.after(&report), Step::Nothing);
        }
    }
}
