//! The merchant's part of an order as a state machine: what each fact changes, which events that is, and what is to be
//! done next. Pure and total.
//!
//! Money goes back on three facts only: the merchant refuses the order, the merchant promises never to take it, or it
//! cannot have received any call about it. An attempt is written down before the call and counts as received until it
//! is known not to have arrived, so a crash in between leaves no gap.

use quoin_events::types::OrderFailureReason;
use quoin_events::{Draft, Timestamp};

use crate::order::{Confirmation, Failure, Order, Status};

/// What is learnt of the merchant's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// The merchant is about to be asked to take the order.
    Begun,
    /// That attempt did not arrive, for certain.
    NotSent { attempt: u32 },
    /// The merchant has the order: it says so when asked to take it, where it stands, or to let it be.
    Confirmed { confirmation: Confirmation, request_id: String },
    /// The merchant does not want it.
    Refused,
    /// The merchant does not have it and will not take it any more.
    Cancelled,
    /// The merchant has never heard of it; a call may still be on its way.
    Unknown,
    /// The merchant has not decided.
    Pending,
    /// There will be no further attempt.
    GivenUp,
    /// The order's confirmation was published.
    Published,
}

impl Fact {
    /// Whether money may go back on it.
    pub(crate) const fn may_refund(&self) -> bool {
        match self {
            Self::Refused | Self::Cancelled | Self::GivenUp => true,
            Self::Begun
            | Self::NotSent { .. }
            | Self::Confirmed { .. }
            | Self::Unknown
            | Self::Pending
            | Self::Published => false,
        }
    }
}

/// What a fact changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing that was not known: not written.
    Nothing,
    /// Known now, and nobody else's business.
    Noted(Order),
    /// The merchant has it: `bizone.order_created`, as the answer to the call `request_id`.
    Confirmed { order: Order, confirmation: Confirmation, request_id: String },
    /// It is final: `order.created`.
    Created { order: Order, confirmation: Confirmation },
    /// It came to nothing, and what it took is given back: `wallet.refunded`, `order.failed`.
    Failed(Order, Failure),
}

/// What is to be done about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing that concerns the merchant.
    Nothing,
    /// The merchant is to take it; no earlier attempt can have arrived.
    Place,
    /// The merchant is asked where it stands, since it may have it, and then to take it if it does not.
    AskFirst,
    /// The merchant is asked to let it be.
    Cancel,
    /// It is given up: the last call about it turned out not to have arrived.
    GiveUp,
}

impl Order {
    /// What is to be done next.
    pub(crate) fn next(&self) -> Next {
        let fulfilment = &self.fulfilment;
        match self.status {
            Status::Created | Status::Failed => Next::Nothing,
            Status::Paid if fulfilment.confirmation.is_some() => Next::Nothing,
            Status::Paid => match (fulfilment.given_up, fulfilment.maybe_received.is_empty()) {
                (false, true) => Next::Place,
                (false, false) => Next::AskFirst,
                (true, true) => Next::GiveUp,
                (true, false) => Next::Cancel,
            },
        }
    }

    /// Whether the merchant says the opposite of what it said before: people have to see to it.
    pub(crate) fn is_contradicted_by(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Confirmed { .. } => self.status == Status::Failed,
            Fact::Refused | Fact::Cancelled => self.fulfilment.confirmation.is_some(),
            Fact::Begun | Fact::NotSent { .. } | Fact::Unknown | Fact::Pending | Fact::GivenUp | Fact::Published => {
                false
            }
        }
    }

    /// The same order after `fact`.
    pub(crate) fn after(&self, fact: &Fact, now: Timestamp) -> Step {
        match (self.status, &self.fulfilment.confirmation) {
            (Status::Created | Status::Failed, _) => Step::Nothing,
            (Status::Paid, Some(confirmation)) => match fact {
                Fact::Published => {
                    Step::Created { order: self.ended(Status::Created, now), confirmation: confirmation.clone() }
                }
                Fact::Begun
                | Fact::NotSent { .. }
                | Fact::Confirmed { .. }
                | Fact::Refused
                | Fact::Cancelled
                | Fact::Unknown
                | Fact::Pending
                | Fact::GivenUp => Step::Nothing,
            },
            (Status::Paid, None) => self.undecided_after(fact, now),
        }
    }

    fn undecided_after(&self, fact: &Fact, now: Timestamp) -> Step {
        match fact {
            Fact::Unknown | Fact::Pending | Fact::Published => Step::Nothing,
            // Whoever has given up places it no more: the merchant may have been asked to let it be.
            Fact::Begun if self.fulfilment.given_up => Step::Nothing,
            Fact::Begun => {
                let mut next = self.clone();
                next.fulfilment.attempts = next.fulfilment.attempts.saturating_add(1);
                next.fulfilment.maybe_received.insert(next.fulfilment.attempts);
                Step::Noted(next)
            }
            Fact::NotSent { attempt } => {
                let mut next = self.clone();
                if next.fulfilment.maybe_received.remove(attempt) { Step::Noted(next) } else { Step::Nothing }
            }
            Fact::Confirmed { confirmation, request_id } => {
                let mut order = self.clone();
                order.fulfilment.confirmation = Some(confirmation.clone());
                Step::Confirmed { order, confirmation: confirmation.clone(), request_id: request_id.clone() }
            }
            Fact::Refused => self.failed_for(OrderFailureReason::MerchantRejected, now),
            // Nobody asked for that unless the attempts were over: then it is the merchant's own no.
            Fact::Cancelled if !self.fulfilment.given_up => self.failed_for(OrderFailureReason::MerchantRejected, now),
            Fact::Cancelled => self.failed_for(OrderFailureReason::MerchantUnreachable, now),
            Fact::GivenUp if self.fulfilment.maybe_received.is_empty() => {
                self.failed_for(OrderFailureReason::MerchantUnreachable, now)
            }
            Fact::GivenUp if self.fulfilment.given_up => Step::Nothing,
            Fact::GivenUp => {
                let mut next = self.clone();
                next.fulfilment.given_up = true;
                Step::Noted(next)
            }
        }
    }

    fn failed_for(&self, reason: OrderFailureReason, now: Timestamp) -> Step {
        let failure = Failure { reason, required: None, available: None };
        let mut order = self.ended(Status::Failed, now);
        order.failure = Some(failure.clone());
        Step::Failed(order, failure)
    }

    fn ended(&self, status: Status, now: Timestamp) -> Self {
        Self { status, ended_at: Some(now), ..self.clone() }
    }
}

impl Step {
    /// The state to write and the events that go with it, those of a refund apart; nothing for nothing.
    pub(crate) fn outcome(self, now: Timestamp) -> Result<Option<(Order, Vec<Draft>)>, serde_json::Error> {
        Ok(match self {
            Self::Nothing => None,
            Self::Noted(order) => Some((order, Vec::new())),
            Self::Confirmed { order, confirmation, request_id } => {
                let draft = Draft::new(&order.confirmed(&confirmation), now)?.with_bizone_request_id(request_id);
                Some((order, vec![draft]))
            }
            Self::Created { order, confirmation } => {
                let draft = Draft::new(&order.created(&confirmation, now), now)?;
                let draft = draft.with_idempotency_key(order.idempotency_key.clone());
                Some((order, vec![draft]))
            }
            Self::Failed(order, failure) => {
                let draft = Draft::new(&order.failed(&failure), now)?;
                Some((order, vec![draft]))
            }
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::order::tests::order;
    use proptest::prelude::*;

    fn confirmation(id: &str) -> Confirmation {
        Confirmation { bizone_order_id: id.to_owned(), estimated_delivery: None, tracking_url: None }
    }

    fn confirmed(id: &str) -> Fact {
        Fact::Confirmed { confirmation: confirmation(id), request_id: "bzn_req_1".to_owned() }
    }

    fn fact() -> impl Strategy<Value = Fact> {
        prop_oneof![
            3 => Just(Fact::Begun),
            3 => (1_u32..6).prop_map(|attempt| Fact::NotSent { attempt }),
            1 => "[ab]".prop_map(|id| confirmed(&id)),
            1 => Just(Fact::Refused),
            1 => Just(Fact::Cancelled),
            1 => Just(Fact::Unknown),
            1 => Just(Fact::Pending),
            2 => Just(Fact::GivenUp),
            1 => Just(Fact::Published),
        ]
    }

    /// The order after all of `facts`, and the names of its events in order.
    fn fold(facts: &[Fact]) -> (Order, Vec<&'static str>) {
        let now = Timestamp::from_millis(9_000);
        facts.iter().fold((order(), Vec::new()), |(order, mut events), fact| {
            match order.after(fact, now).outcome(now).unwrap() {
                None => (order, events),
                Some((next, drafts)) => {
                    events.extend(drafts.iter().map(Draft::event));
                    (next, events)
                }
            }
        })
    }

    #[test]
    fn a_confirmed_order_becomes_final_and_says_so_once() {
        let (done, events) = fold(&[Fact::Begun, confirmed("a"), confirmed("b"), Fact::Published, Fact::Published]);
        assert_eq!(events, ["bizone.order_created", "order.created"]);
        assert_eq!(done.status, Status::Created);
        assert_eq!(done.fulfilment.confirmation, Some(confirmation("a")));
        assert_eq!(done.next(), Next::Nothing);
    }

    #[test]
    fn an_order_that_may_have_arrived_is_asked_about_and_one_that_cannot_have_is_placed_again() {
        assert_eq!(order().next(), Next::Place);
        assert_eq!(fold(&[Fact::Begun]).0.next(), Next::AskFirst);
        assert_eq!(fold(&[Fact::Begun, Fact::NotSent { attempt: 1 }]).0.next(), Next::Place);
        // Of two attempts at the same time, one that did not arrive says nothing of the other.
        assert_eq!(fold(&[Fact::Begun, Fact::Begun, Fact::NotSent { attempt: 1 }]).0.next(), Next::AskFirst);
        assert_eq!(fold(&[Fact::Begun, Fact::GivenUp]).0.next(), Next::Cancel);
        assert_eq!(fold(&[Fact::Begun, Fact::GivenUp, Fact::NotSent { attempt: 1 }]).0.next(), Next::GiveUp);
    }

    #[test]
    fn giving_up_refunds_what_cannot_have_arrived_and_nothing_else() {
        let (unsent, events) = fold(&[Fact::Begun, Fact::NotSent { attempt: 1 }, Fact::GivenUp]);
        assert_eq!((unsent.status, events.as_slice()), (Status::Failed, ["order.failed"].as_slice()));
        assert_eq!(unsent.failure.unwrap().reason, OrderFailureReason::MerchantUnreachable);
        let (open, events) = fold(&[Fact::Begun, Fact::Pending, Fact::GivenUp, Fact::GivenUp, Fact::Begun]);
        assert_eq!((open.status, events.len(), open.fulfilment.attempts), (Status::Paid, 0, 1));
    }

    #[test]
    fn a_no_is_a_rejection_and_a_promise_after_giving_up_is_not() {
        let reason = |facts: &[Fact]| fold(facts).0.failure.unwrap().reason;
        assert_eq!(reason(&[Fact::Begun, Fact::Refused]), OrderFailureReason::MerchantRejected);
        assert_eq!(reason(&[Fact::Begun, Fact::Cancelled]), OrderFailureReason::MerchantRejected);
        assert_eq!(reason(&[Fact::Begun, Fact::GivenUp, Fact::Cancelled]), OrderFailureReason::MerchantUnreachable);
        assert_eq!(reason(&[Fact::Begun, Fact::GivenUp, Fact::Refused]), OrderFailureReason::MerchantRejected);
    }

    #[test]
    fn an_order_that_was_let_be_too_late_is_the_merchant_s() {
        let (order, events) = fold(&[Fact::Begun, Fact::GivenUp, confirmed("a"), Fact::Cancelled, Fact::Published]);
        assert_eq!((order.status, events.len()), (Status::Created, 2));
    }

    #[test]
    fn a_merchant_that_changes_its_mind_is_noticed_and_changes_nothing() {
        let (refused, _) = fold(&[Fact::Begun, Fact::Refused]);
        assert!(refused.is_contradicted_by(&confirmed("a")) && !refused.is_contradicted_by(&Fact::Refused));
        assert_eq!(refused.after(&confirmed("a"), Timestamp::from_millis(9_000)), Step::Nothing);
        let (taken, _) = fold(&[Fact::Begun, confirmed("a")]);
        assert!(taken.is_contradicted_by(&Fact::Refused) && !taken.is_contradicted_by(&confirmed("a")));
    }

    #[test]
    fn the_events_carry_what_their_source_has() {
        let now = Timestamp::from_millis(9_000);
        let place = quoin_events::Place { kind: "order", id: "order_1", sequence: 7 };
        let rendered = |step: Step| {
            let (_, drafts) = step.outcome(now).unwrap().unwrap();
            drafts[0].render(place, &quoin_events::Origin::default()).unwrap()
        };
        let Step::Noted(begun) = order().after(&Fact::Begun, now) else { panic!("an attempt is noted") };
        let step = begun.after(&confirmed("BZN_1"), now);
        let Step::Confirmed { order: taken, .. } = step.clone() else { panic!("a confirmation is taken") };
        let text = rendered(step);
        assert!(text.contains(r#""bizone_request_id":"bzn_req_1""#), "{text}");
        assert!(text.contains(r#""status":"confirmed""#), "{text}");
        let text = rendered(taken.after(&Fact::Published, now));
        assert!(text.contains(r#""idempotency_key":"idem_1""#), "{text}");
        assert!(text.contains(r#""transaction_ids":["txn_1","txn_2"]"#), "{text}");
    }

    proptest! {
        #[test]
        fn no_order_of_facts_refunds_what_the_merchant_has_or_may_have(facts in prop::collection::vec(fact(), 0..16)) {
            let now = Timestamp::from_millis(9_000);
            let mut order = order();
            for fact in &facts {
                let step = order.after(fact, now);
                if let Step::Failed(..) = step {
                    prop_assert!(order.fulfilment.confirmation.is_none());
                    let cannot_have_it = order.fulfilment.maybe_received.is_empty();
                    prop_assert!(cannot_have_it || matches!(fact, Fact::Refused | Fact::Cancelled), "{fact:?}");
                    prop_assert!(fact.may_refund());
                }
                if let Some((next, _)) = step.outcome(now).unwrap() {
                    order = next;
                }
            }
        }

        #[test]
        fn an_order_ends_once_and_in_one_way(facts in prop::collection::vec(fact(), 0..16)) {
            let (order, events) = fold(&facts);
            let count = |name: &str| events.iter().filter(|event| **event == name).count();
            prop_assert!(count("bizone.order_created") <= 1 && count("order.created") <= 1 && count("order.failed") <= 1);
            prop_assert!(count("order.failed") == 0 || count("bizone.order_created") == 0);
            prop_assert!(count("order.created") <= count("bizone.order_created"));
            prop_assert_eq!(order.status == Status::Failed, count("order.failed") == 1);
            prop_assert_eq!(order.status == Status::Created, count("order.created") == 1);
            prop_assert_eq!(order.failure.is_some(), order.status == Status::Failed);
            prop_assert_eq!(order.ended_at.is_some(), order.status != Status::Paid);
        }

        #[test]
        fn a_repeated_fact_changes_nothing(facts in prop::collection::vec(fact(), 1..12)) {
            let (order, last) = (fold(&facts).0, facts.last().unwrap());
            // An attempt is not repeated: the next one is another.
            prop_assume!(*last != Fact::Begun);
            prop_assert_eq!(order.after(last, Timestamp::from_millis(9_000)), Step::Nothing);
        }

        #[test]
        fn what_an_order_is_never_changes(facts in prop::collection::vec(fact(), 0..12)) {
            let (after, before) = (fold(&facts).0, order());
            prop_assert_eq!((&after.order_id, &after.lines, &after.payment, &after.pricing), (&before.order_id, &before.lines, &before.payment, &before.pricing));
            let text = serde_json::to_string(&after).unwrap();
            prop_assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), after);
        }
    }
}
