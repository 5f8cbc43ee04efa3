//! The OpenAPI document, which `quoin-openapi` generates, and the declarations say the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::references::assert_references_lead_somewhere;
use crate::files;
use crate::functions::{self, Trigger};

fn document() -> Value {
    serde_json::from_str(&files::read("docs/openapi.json").unwrap()).unwrap()
}

/// Each operation with its route.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            found.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    found
}

#[test]
fn every_route_is_documented_and_no_other() {
    let document = document();
    let documented: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(route, operation)| {
            let text = |name: &str| operation[name].as_str().unwrap().to_owned();
            let is_public = operation.get("security").is_some();
            (route, text("operationId"), operation["tags"][0].as_str().unwrap().to_owned(), is_public)
        })
        .collect();
    let mut declared = BTreeSet::new();
    for function in functions::all().unwrap() {
        let Trigger::Routes(routes) = &function.trigger else { continue };
        for route in routes {
            declared.insert((route.clone(), function.name.clone(), function.service.clone(), function.is_public));
        }
    }
    assert_eq!(documented, declared, "a route without a contract beside its handler, or a contract without a route");
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    assert_references_lead_somewhere(&document());
}

#[test]
fn the_sample_bodies_are_what_their_routes_take() {
    let document = document();
    for (route, operation) in operations(&document) {
        let content = &operation["requestBody"]["content"]["application/json"];
        if content.is_null() {
            continue;
        }
        let mut schema = content["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&content["example"]).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{route}");
    }
}

/// What stands between `before` and `after` in `text`, wherever `before` is.
fn between<'a>(text: &'a str, before: &str, after: char) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

/// Modules that no route is kept by.
const NOT_OVER_HTTP: [&str; 1] = ["direct.rs"];

/// The texts of a service's sources by its name.
fn sources() -> BTreeMap<String, String> {
    fn all(folder: &str, text: &mut String) {
        for name in files::names(folder).unwrap() {
            let path = format!("{folder}/{name}");
            match name.strip_suffix(".rs") {
                Some(_) if NOT_OVER_HTTP.contains(&name.as_str()) => {}
                Some(_) => text.push_str(&files::read(&path).unwrap()),
                None if files::at(&path).is_dir() => all(&path, text),
                None => {}
            }
        }
    }
    let read = |service: String| {
        let mut text = String::new();
        all(&format!("functions/{service}/src"), &mut text);
        (service, text)
    };
    functions::services().unwrap().into_iter().map(read).collect()
}

#[test]
fn every_code_that_a_service_names_is_documented() {
    let document = document();
    for (service, text) in sources() {
        let of_service = operations(&document).into_iter().filter(|(_, one)| one["tags"][0] == service.as_str());
        let documented: BTreeSet<_> = of_service
            .flat_map(|(_, operation)| operation["responses"].as_object().unwrap().values().collect::<Vec<_>>())
            .filter_map(|response| response.pointer("/content/application~1problem+json/schema/properties/code/enum"))
            .flat_map(|codes| codes.as_array().unwrap())
            .filter_map(Value::as_str)
            .collect();
        let compact: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( \"", "(\"");
        for call in ["Problem::refused(\"", "Problem::field(\"", "Wrong(\""] {
            for code in between(&compact, call, '"') {
                assert!(documented.contains(code), "{service}: {code} is in no contract");
            }
        }
    }
}

#[test]
fn every_further_member_of_a_problem_is_documented() {
    let document = document();
    let members = document["components"]["schemas"]["Problem"]["properties"].as_object().unwrap();
    let runtime = files::read("shared/runtime/src/problem.rs").unwrap();
    for text in sources().values().chain([&runtime]) {
        for name in between(text, ".with(\"", '"') {
            assert!(members.contains_key(name), "{name}");
        }
    }
}
