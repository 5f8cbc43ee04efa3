//! What is generated is what is checked in.

use quoin_events::{CATALOGUE, Topic};

use super::references::assert_references_lead_somewhere;
use crate::{async_api, functions, generated, samples, schema};
use quoin_stack::yaml;

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

#[test]
fn every_reference_of_the_async_api_document_leads_somewhere() {
    let text = async_api::document(&functions::all().unwrap(), &samples::all().unwrap());
    let document = yaml::read(&text).unwrap();
    assert_eq!(document["channels"].as_object().unwrap().len(), Topic::ALL.len());
    assert_references_lead_somewhere(&document);
}
