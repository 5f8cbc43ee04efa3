//! Old readers read new events, and new readers old ones.

use quoin_events::Envelope;
use serde_json::{Value, json};

use crate::samples::{self, Sample};
use crate::schema;
use crate::shape::Shape;

/// The data as its type reads and writes it again.
fn through_its_type(sample: &Sample, envelope: &Value) -> Value {
    let text = serde_json::to_string(envelope).unwrap();
    let read: Envelope = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", sample.of.name));
    let written = (sample.of.round_trip)(read.data.get()).unwrap_or_else(|error| panic!("{}: {error}", sample.of.name));
    serde_json::from_str(&written).unwrap()
}

#[test]
fn an_old_reader_reads_a_new_event_with_added_members() {
    let added = |shape: Shape<'_>, mut value: Value| {
        if let Some(members) = value.as_object_mut().filter(|_| !shape.is_map()) {
            members.insert("added_text".to_owned(), json!("new"));
            members.insert("added_object".to_owned(), json!({"amount": 1.5, "list": [{}]}));
        }
        value
    };
    for sample in samples::all().unwrap() {
        let schema = schema::of_event(sample.of).unwrap();
        let mut newer = Shape::of(&schema).rebuild(&sample.envelope, &added);
        newer["version"] = json!("1.1");
        assert_ne!(newer["data"], sample.envelope["data"]);
        assert_eq!(through_its_type(&sample, &newer), sample.envelope["data"], "{}", sample.of.name);
        assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&newer), "{}", sample.of.name);
    }
}

#[test]
fn a_new_reader_reads_an_old_event_that_lacks_every_optional_member() {
    let without_optional = |shape: Shape<'_>, mut value: Value| {
        if let Some(members) = value.as_object_mut().filter(|_| !shape.is_map()) {
            for (name, _, is_required) in shape.members() {
                if !is_required {
                    members.remove(name);
                }
            }
        }
        value
    };
    for sample in samples::all().unwrap() {
        let schema = schema::of_event(sample.of).unwrap();
        let older = Shape::of(&schema).rebuild(&sample.envelope, &without_optional);
        assert_eq!(older["metadata"].as_object().unwrap().len(), 2, "only what the first writers set");
        assert_eq!(through_its_type(&sample, &older), older["data"], "{}", sample.of.name);
        assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&older), "{}", sample.of.name);
    }
}

#[test]
fn a_sample_has_every_optional_member_of_its_data() {
    // Else the test above would pass over what the sample does not show.
    for sample in samples::all().unwrap() {
        let schema = schema::of_event(sample.of).unwrap();
        let data = Shape::of(&schema).member("data").unwrap();
        for (name, _, is_required) in data.members() {
            let is_elsewhere = OPTIONAL_ELSEWHERE.contains(&(sample.of.name, name));
            assert!(
                is_required || is_elsewhere != sample.envelope["data"].get(name).is_some(),
                "{} lacks {name}, or need not be excused",
                sample.of.name
            );
        }
    }
}

/// Members that exclude another one of the same event.
const OPTIONAL_ELSEWHERE: &[(&str, &str)] =
    &[("wallet.debit_failed", "related_entity"), ("wallet.credited", "metadata")];

#[test]
fn amounts_that_no_float_can_hold_survive() {
    let exact: Value = serde_json::from_str("987654321012.345678901234").unwrap();
    for sample in samples::all().unwrap() {
        let schema = schema::of_event(sample.of).unwrap();
        let change = |shape: Shape<'_>, value: Value| if shape.is_decimal() { exact.clone() } else { value };
        let changed = Shape::of(&schema).rebuild(&sample.envelope, &change);
        let text = serde_json::to_string(&through_its_type(&sample, &changed)).unwrap();
        assert_eq!(text, serde_json::to_string(&changed["data"]).unwrap(), "{}", sample.of.name);
    }
}
