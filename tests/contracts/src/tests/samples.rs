//! The golden samples are what the types and their schemas say.

use std::collections::BTreeSet;

use quoin_events::{CATALOGUE, Envelope, Metadata, Place};
use serde_json::Value;

use crate::{files, samples, schema};

#[test]
fn every_type_has_a_sample_and_every_sample_a_type() {
    let named: BTreeSet<_> = files::names(samples::FOLDER).unwrap().into_iter().collect();
    let wanted: BTreeSet<_> = CATALOGUE.iter().map(|event| format!("{}.json", event.name)).collect();
    assert_eq!(named, wanted);
}

#[test]
fn a_sample_is_of_the_type_that_its_file_is_named_for() {
    for sample in samples::all().unwrap() {
        assert_eq!(sample.envelope["event"], sample.of.name);
        assert_eq!(sample.envelope["version"], sample.of.version, "{}", sample.of.name);
        assert_eq!(sample.envelope["metadata"]["source"], sample.of.source, "{}", sample.of.name);
    }
}

#[test]
fn a_sample_reads_into_its_type_and_writes_back_value_for_value() {
    for sample in samples::all().unwrap() {
        let envelope: Envelope = serde_json::from_str(&sample.envelope.to_string()).unwrap();
        let written = (sample.of.round_trip)(envelope.data.get()).unwrap();
        let data: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(data, sample.envelope["data"], "{}", sample.of.name);
        let whole: Value = serde_json::from_str(&serde_json::to_string(&envelope).unwrap()).unwrap();
        assert_eq!(whole, sample.envelope, "{}", sample.of.name);
    }
}

#[test]
fn a_sample_matches_the_schema_of_its_type() {
    for sample in samples::all().unwrap() {
        let schema = schema::of_event(sample.of).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&sample.envelope).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", sample.of.name);
    }
}

#[test]
fn no_sample_matches_the_schema_of_another_type() {
    let samples = samples::all().unwrap();
    for event in CATALOGUE {
        let validator = jsonschema::validator_for(&schema::of_event(event).unwrap()).unwrap();
        for sample in samples.iter().filter(|sample| sample.of.name != event.name) {
            assert!(!validator.is_valid(&sample.envelope), "{} as {}", sample.of.name, event.name);
        }
    }
}

#[test]
fn event_ids_follow_from_the_place_in_the_stream() {
    for sample in samples::all().unwrap() {
        let envelope: Envelope = serde_json::from_str(&sample.envelope.to_string()).unwrap();
        let entity = envelope.metadata.entity.clone().unwrap();
        let place = Place { kind: &entity.kind, id: &entity.id, sequence: envelope.metadata.sequence.unwrap() };
        assert_eq!(envelope.event_id(), place.event_id().to_string(), "{}", sample.of.name);
    }
}

#[test]
fn amounts_have_no_trailing_zeros_and_optional_members_are_never_null() {
    fn check(value: &Value, path: &str) {
        match value {
            Value::Null => panic!("{path} is null"),
            Value::Number(number) => {
                let text = number.to_string();
                assert!(!(text.contains('.') && text.ends_with('0')), "{path}: {text}");
                assert!(!text.contains(['e', 'E']), "{path}: {text}");
            }
            Value::Array(values) => values.iter().for_each(|value| check(value, path)),
            Value::Object(members) => members.iter().for_each(|(name, value)| check(value, &format!("{path}/{name}"))),
            Value::Bool(_) | Value::String(_) => {}
        }
    }
    for sample in samples::all().unwrap() {
        check(&sample.envelope, sample.of.name);
    }
}

#[test]
fn personal_fields_are_sealed() {
    for sample in samples::all().unwrap() {
        for name in ["full_name", "phone", "email", "user_name", "user_phone", "note"] {
            if let Some(field) = sample.envelope["data"].get(name) {
                assert!(field.as_str().unwrap().starts_with("enc:v1:"), "{} {name}", sample.of.name);
            }
        }
    }
}

#[test]
fn an_order_s_wallet_events_are_as_the_order_flow_documents_them() {
    let data = |name: &str| {
        let all = samples::all().unwrap();
        all.into_iter().find(|sample| sample.of.name == name).unwrap().envelope["data"].clone()
    };
    assert_eq!(
        data("wallet.debited"),
        serde_json::json!({
            "transaction_id": "txn_001", "user_id": "user_789", "transaction_type": "debit_order_payment",
            "coin_type": "promo_coins", "amount": 200, "balance_before": 200, "balance_after": 0,
            "related_entity": {"type": "order", "id": "order_101"},
            "metadata": {"campaign_code": "WEEKEND50", "merchant_id": "merch_bizone_001"}
        })
    );
    assert_eq!(
        data("wallet.debit_failed"),
        serde_json::json!({
            "user_id": "user_789", "transaction_type": "debit_order_payment", "amount_required": 450,
            "amount_available": 300, "failure_reason": "WALLET_INSUFFICIENT_BALANCE", "related_order_id": "order_102"
        })
    );
    let metadata: Metadata = serde_json::from_str(r#"{"source":"wallet-service","request_id":"req_125"}"#).unwrap();
    assert_eq!(metadata.event_id, None);
}

#[test]
fn an_event_is_routed_by_the_key_of_its_type_and_no_other_has_one() {
    for sample in samples::all().unwrap() {
        let key = sample.envelope["metadata"].get("routing_key").and_then(Value::as_str);
        assert_eq!(key, sample.of.routing_key, "{}", sample.of.name);
    }
}
