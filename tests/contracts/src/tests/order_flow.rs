//! The order flow's specification, payload by payload: what is read and written, and how long copies are kept.

use std::collections::{BTreeMap, BTreeSet};

use quoin_events::{CATALOGUE, Envelope, EventType, event_type};
use serde_json::{Map, Value};

use crate::{files, samples};

const FOLDER: &str = "tests/contracts/order-flow";

/// What we add to the specification's metadata; a reader may do without.
const ADDED: [&str; 7] = ["event_id", "entity", "sequence", "wallet", "causation_id", "traceparent", "routing_key"];

/// Days that the specification names.
const RETENTION: [(&str, u16); 9] = [
    ("order.validation_started", 7),
    ("order.validation_completed", 7),
    ("order.initiated", 30),
    ("wallet.debit_started", 7),
    ("wallet.debited", 90),
    ("order.paid", 90),
    ("bizone.order_created", 90),
    ("order.created", 365),
    ("order.failed", 90),
];

/// What is about money or membership is kept for a year, where the specification does not name it.
const A_YEAR: [&str; 27] = [
    "UserRegistered",
    "UserProfileUpdated",
    "UserDeactivated",
    "UserErased",
    "BetPlaced",
    "BetSettled",
    "BetCancelled",
    "DepositInitiated",
    "DepositSuccess",
    "DepositFailed",
    "BonusAwarded",
    "ReferralCompleted",
    "payment.processed",
    "customer.created",
    "customer.registered",
    "customer.deleted",
    "subscription.created",
    "subscription.charge_started",
    "subscription.charge_failed",
    "subscription.renewed",
    "subscription.plan_changed",
    "subscription.cancelled",
    "credit_purchase",
    "credit_spent",
    "credit_earned",
    "gig_payment",
    "clan_contribution",
];

/// Every payload, with the name of its file and its type.
fn payloads() -> Vec<(String, &'static EventType, Value)> {
    let names = files::names(FOLDER).unwrap();
    let names = names.into_iter().filter(|name| name.ends_with(".json"));
    let read = |name: String| {
        let payload: Value = serde_json::from_str(&files::read(&format!("{FOLDER}/{name}")).unwrap()).unwrap();
        let of = event_type(payload["event"].as_str().unwrap()).unwrap();
        assert!(name.starts_with(of.name), "{name} is a payload of {}", of.name);
        (name, of, payload)
    };
    names.map(read).collect()
}

fn members(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

#[test]
fn every_payload_of_the_specification_is_there() {
    let counts = payloads().into_iter().fold(BTreeMap::new(), |mut counts, (_, of, _)| {
        *counts.entry(of.name).or_insert(0) += 1;
        counts
    });
    let once = [
        "bizone.order_created",
        "order.confirmation_sent",
        "order.created",
        "order.failed",
        "order.initiated",
        "order.paid",
        "order.validation_completed",
        "order.validation_started",
        "wallet.debit_failed",
        "wallet.debit_started",
        "wallet.refunded",
    ];
    let expected: BTreeMap<_, _> = once.into_iter().map(|name| (name, 1)).chain([("wallet.debited", 3)]).collect();
    assert_eq!(counts, expected);
}

#[test]
fn the_types_read_a_payload_and_write_it_back_value_for_value() {
    for (name, of, payload) in payloads() {
        let written = (of.round_trip)(&payload["data"].to_string()).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), payload["data"], "{name}");
        let envelope: Envelope = serde_json::from_str(&payload.to_string()).unwrap();
        let whole: Value = serde_json::from_str(&serde_json::to_string(&envelope).unwrap()).unwrap();
        assert_eq!(whole, payload, "{name}");
    }
}

#[test]
fn the_payloads_are_of_the_catalogue_s_owners_and_versions() {
    for (name, of, payload) in payloads() {
        assert_eq!(payload["metadata"]["source"], of.source, "{name}");
        assert_eq!(payload["version"], of.version, "{name}");
    }
}

#[test]
fn the_golden_samples_are_the_payloads_with_our_metadata_added() {
    let samples: BTreeMap<_, _> =
        samples::all().unwrap().into_iter().map(|sample| (sample.of.name, sample.envelope)).collect();
    let mut held = BTreeSet::new();
    for (name, of, payload) in payloads() {
        let sample = &samples[of.name];
        // There is one sample of a debit: the first one's.
        if of.name == "wallet.debited" && payload["data"]["coin_type"] != sample["data"]["coin_type"] {
            continue;
        }
        held.insert(of.name);
        for member in ["event", "version", "timestamp", "data"] {
            assert_eq!(sample[member], payload[member], "{name} {member}");
        }
        let mut metadata = members(&sample["metadata"]).clone();
        metadata.retain(|member, _| !ADDED.contains(&member.as_str()));
        assert_eq!(&metadata, members(&payload["metadata"]), "{name}");
        assert_eq!(members(sample).keys().collect::<Vec<_>>(), members(&payload).keys().collect::<Vec<_>>());
    }
    assert_eq!(held.len(), 12);
}

#[test]
fn copies_are_kept_as_long_as_the_specification_says() {
    let named: BTreeMap<_, _> = RETENTION.into_iter().collect();
    for event in CATALOGUE {
        let days = match named.get(event.name) {
            Some(days) => *days,
            None if A_YEAR.contains(&event.name) => 365,
            None => 90,
        };
        assert_eq!(event.retention_days, days, "{}", event.name);
    }
    for name in RETENTION.map(|(name, _)| name).into_iter().chain(A_YEAR) {
        assert!(event_type(name).is_some(), "{name} is in no catalogue");
    }
}
