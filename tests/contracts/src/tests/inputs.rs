//! Every function has a sample input of the kind that triggers it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::functions::{self, Function, Trigger};
use crate::{files, inputs};

fn input(function: &Function) -> Value {
    let path = inputs::path(&function.name);
    serde_json::from_str(&files::read(&path).unwrap()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_function_has_a_sample_input_and_every_sample_a_function() {
    let named: BTreeSet<_> = files::names("events").unwrap().into_iter().filter(|name| name != "catalogue").collect();
    let wanted: BTreeSet<_> =
        functions::all().unwrap().iter().map(|function| format!("{}.json", function.name)).collect();
    assert_eq!(named, wanted);
}

#[test]
fn a_request_sample_is_of_its_route() {
    for function in functions::all().unwrap() {
        let Trigger::Routes(routes) = &function.trigger else { continue };
        let input = input(&function);
        assert_eq!(input["version"], "2.0", "{}", function.name);
        let route = input["routeKey"].as_str().unwrap();
        assert!(routes.iter().any(|one| one == route), "{}: {route}", function.name);
        assert_eq!(input["requestContext"]["routeKey"], route, "{}", function.name);
        let (method, pattern) = route.split_once(' ').unwrap();
        assert_eq!(input["requestContext"]["http"]["method"], method, "{}", function.name);
        let path = input["rawPath"].as_str().unwrap();
        assert_eq!(filled(pattern, &input["pathParameters"]), path, "{}", function.name);
        let caller = &input["requestContext"]["authorizer"]["lambda"]["sub"];
        assert_eq!(caller.is_string(), !function.is_public, "{}: who asks", function.name);
    }
}

fn filled(pattern: &str, parameters: &Value) -> String {
    let none = serde_json::Map::new();
    parameters
        .as_object()
        .unwrap_or(&none)
        .iter()
        .fold(pattern.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value.as_str().unwrap()))
}

#[test]
fn a_queue_sample_is_a_batch_of_messages() {
    for function in functions::all().unwrap() {
        let (Trigger::Events(_) | Trigger::Queue) = &function.trigger else { continue };
        let input = input(&function);
        let records = input["Records"].as_array().unwrap();
        assert!((1..=5).contains(&records.len()), "{}", function.name);
        for record in records {
            let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
            assert!(body.is_object(), "{}", function.name);
            assert!(record["messageId"].is_string() && record["receiptHandle"].is_string(), "{}", function.name);
        }
    }
}
