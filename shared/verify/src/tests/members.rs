//! Streams of members: what stands still, what is not what its events make, what only one side tells.

use crate::{Entry, Kind, Settings, check_member, other_side, paid};
use quoin_events::types::{ChargePurpose, PaymentProcessed, SubscriptionCreated};
use quoin_events::{Draft, Timestamp};
use quoin_membership_model::{Aggregate, Subscription, SubscriptionEvent, Told};
use serde_json::{Value, json};

use super::history::{entry, first};

const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::default().plus_seconds(seconds)
}

/// Half an hour until a payment expires, five minutes for what is on its way.
fn settings() -> Settings {
    Settings {
        now: at(0),
        grace_ms: 300_000,
        payment_expiry_ms: 1_800_000,
        merchant_give_up_ms: 0,
        audits_causes: false,
    }
}

fn kinds(stream: &[Entry], seconds: i64) -> Vec<Kind> {
    check_member(stream, at(seconds), &settings()).into_iter().map(|found| found.kind).collect()
}

fn standing(kind: &str, state: &Value) -> Entry {
    Entry { state: Some(state.to_string()), ..entry(&first(kind, "x", at(0), &[])) }
}

#[test]
fn what_was_begun_and_not_ended_stands_still() {
    for (kind, status, since, ended) in [
        ("saga", "paying", "begun_at", "compensated"),
        ("charge", "initiated", "initiated_at", "failed"),
        ("erasure", "waiting", "requested_at", "carried_out"),
    ] {
        let mut state = json!({"status": status});
        state[since] = json!(at(0));
        let stream = [standing(kind, &state)];
        assert_eq!(kinds(&stream, 2_100), [], "{kind}");
        assert_eq!(kinds(&stream, 2_101), [Kind::OpenSaga], "{kind}");
        state["status"] = json!(ended);
        assert_eq!(kinds(&[standing(kind, &state)], 9_999), [], "{kind}");
    }
}

fn created() -> SubscriptionCreated {
    SubscriptionCreated {
        subscription_id: "x".to_owned(),
        customer_id: "cust_1".to_owned(),
        user_id: "user_1".to_owned(),
        plan: "monthly".to_owned(),
        price: "9.99".parse().unwrap(),
        currency: "INR".to_owned(),
        payment_id: "pay_1".to_owned(),
        period_start: at(0),
        period_end: at(30 * DAY),
    }
}

fn subscription(alter: impl Fn(&mut Value)) -> Vec<Entry> {
    let told = Told { event: SubscriptionEvent::Created(created()), at: at(0) };
    let mut state = serde_json::to_value(Subscription::after(None, &told).unwrap()).unwrap();
    alter(&mut state);
    let item = first("subscription", "x", at(0), &[Draft::new(&created(), at(0)).unwrap()]);
    vec![Entry { state: Some(state.to_string()), ..entry(&item) }]
}

#[test]
fn a_subscription_is_what_its_events_make() {
    assert_eq!(kinds(&subscription(|_| ()), 0), []);
    assert_eq!(kinds(&subscription(|state| state["price"] = json!(9.98)), 0), [Kind::State]);
    assert_eq!(kinds(&subscription(|state| state["status"] = json!("unheard of")), 0), [Kind::State]);
    let mut untold = subscription(|_| ());
    untold[0].events.clear();
    assert_eq!(kinds(&untold, 0), [Kind::State]);
}

#[test]
fn a_subscription_is_charged_within_a_day() {
    let due = 31 * DAY + 300;
    assert_eq!(kinds(&subscription(|_| ()), due), []);
    assert_eq!(kinds(&subscription(|_| ()), due + 1), [Kind::OverdueCharge]);
    let charging = subscription(|state| state["charging"] = json!({"payment_id": "pay_2", "purpose": "renewal"}));
    assert!(!kinds(&charging, due + 1).contains(&Kind::OverdueCharge));
}

#[test]
fn a_payment_and_what_it_paid_for_tell_the_same() {
    let processed = PaymentProcessed {
        payment_id: "pay_1".to_owned(),
        customer_id: "cust_1".to_owned(),
        user_id: "user_1".to_owned(),
        subscription_id: "x".to_owned(),
        purpose: ChargePurpose::Registration,
        plan: "monthly".to_owned(),
        price: "9.99".parse().unwrap(),
        credit: "0".parse().unwrap(),
        amount: "9.99".parse().unwrap(),
        currency: "INR".to_owned(),
        provider: "sandbox".to_owned(),
        provider_reference: "ref".to_owned(),
        period_start: at(0),
        period_end: at(30 * DAY),
    };
    let item = |told: &PaymentProcessed| first("charge", "pay_1", at(0), &[Draft::new(told, at(0)).unwrap()]);
    let charge = paid(&[entry(&item(&processed))]);
    let of_subscription = paid(&subscription(|_| ()));
    assert_eq!(charge, of_subscription);
    assert_eq!(other_side("charge#pay_1", &charge[0]), "subscription#x");
    assert_eq!(other_side("subscription#x", &charge[0]), "charge#pay_1");
    let less = PaymentProcessed { amount: "9.98".parse().unwrap(), ..processed };
    assert_ne!(paid(&[entry(&item(&less))]), of_subscription);
}
