//! What is generated is what is checked in.

use quoin_events::{CATALOGUE, Topic};
use serde_json::Value;

use crate::{async_api, files, functions, generated, open_api, samples, schema, yaml};

#[test]
fn generated_documents_are_up_to_date() {
    assert_eq!(
        generated::stale().unwrap(),
        Vec::<String>::new(),
        "run: cargo run -p quoin-contracts --example contracts -- write"
    );
}

#[test]
fn every_schema_is_one() {
    for event in CATALOGUE {
        let schema = schema::of_event(event).unwrap();
        assert!(jsonschema::meta::is_valid(&schema), "{}", event.name);
    }
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value.as_str() {
            Some(reference) if name == "$ref" => found.push(reference),
            _ => references(value, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn assert_references_lead_somewhere(document: &Value) {
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(found.len() > CATALOGUE.len());
    for reference in found {
        let is_there = match reference.strip_prefix('#') {
            Some(pointer) => document.pointer(pointer).is_some(),
            None => files::at(&format!("docs/{reference}")).exists(),
        };
        assert!(is_there, "{reference}");
    }
}

#[test]
fn every_reference_of_the_async_api_document_leads_somewhere() {
    let text = async_api::document(&functions::all().unwrap(), &samples::all().unwrap());
    let document = yaml::read(&text).unwrap();
    assert_eq!(document["channels"].as_object().unwrap().len(), Topic::ALL.len());
    assert_references_lead_somewhere(&document);
}

#[test]
fn every_reference_of_the_open_api_document_leads_somewhere() {
    assert_references_lead_somewhere(&open_api::document(&functions::all().unwrap()).unwrap());
}

#[test]
fn the_sample_bodies_are_what_their_routes_take() {
    let document = open_api::document(&functions::all().unwrap()).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let content = &operation["requestBody"]["content"]["application/json"];
            if content.is_null() {
                continue;
            }
            let mut schema = content["schema"].clone();
            schema["components"] = document["components"].clone();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors: Vec<_> = validator.iter_errors(&content["example"]).map(|error| error.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{method} {path}");
        }
    }
}
