//! The bus as an AsyncAPI 3 document: a channel per topic, who sends to it and who receives.

use std::collections::BTreeMap;

use quoin_events::{CATALOGUE, EventType, Topic};
use serde_json::{Map, Value, json};

use crate::functions::Function;
use crate::samples::Sample;
use crate::schema;
use quoin_stack::yaml;

const HEAD: &str = "# Generated from the event types and functions/*/service.yaml; `cargo run -p quoin-contracts --example contracts -- write`.\n";

/// The document.
pub(crate) fn document(functions: &[Function], samples: &[Sample]) -> String {
    let channels: Map<_, _> = Topic::ALL.into_iter().map(|topic| (channel_id(topic), channel(topic))).collect();
    let messages: Map<_, _> = CATALOGUE.iter().map(|event| (event.name.to_owned(), message(event))).collect();
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Quoin events",
            "version": "1.0.0",
            "description": "Delivered at least once and unordered; metadata.event_id deduplicates, metadata.sequence orders within metadata.entity.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations(functions, samples),
        "components": {"messages": messages},
    });
    format!("{HEAD}{}", yaml::write(&document))
}

fn channel_id(topic: Topic) -> String {
    topic.as_str().replace('.', "_")
}

fn channel(topic: Topic) -> Value {
    let of_topic = CATALOGUE.iter().filter(|event| event.topic == topic);
    let messages: Map<_, _> = of_topic
        .map(|event| (event.name.to_owned(), json!({"$ref": format!("#/components/messages/{}", event.name)})))
        .collect();
    json!({
        "address": topic.as_str(),
        "description": "The EventBridge source of these events; detail-type is the name of the message.",
        "messages": messages,
    })
}

fn message(event: &EventType) -> Value {
    json!({
        "name": event.name,
        "title": event.name,
        "summary": format!("When {}.", event.when),
        "contentType": "application/json",
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": format!("./{}", schema::path(event).trim_start_matches("docs/"))},
        },
        "x-sample": format!("../{}", Sample::path(event)),
        "x-retention-days": event.retention_days,
    })
}

fn operations(functions: &[Function], samples: &[Sample]) -> Map<String, Value> {
    let mut operations = Map::new();
    let mut sent: BTreeMap<(Topic, &str), Vec<&EventType>> = BTreeMap::new();
    for event in CATALOGUE {
        sent.entry((event.topic, event.source)).or_default().push(event);
    }
    for ((topic, source), events) in sent {
        let id = format!("{source}-sends-{}", channel_id(topic));
        operations.insert(id, operation("send", topic, &events, source));
    }
    for function in functions {
        let mut received: BTreeMap<Topic, Vec<&EventType>> = BTreeMap::new();
        for event in samples.iter().filter(|sample| function.consumes(sample)).map(|sample| sample.of) {
            received.entry(event.topic).or_default().push(event);
        }
        for (topic, events) in received {
            let id = format!("{}-receives-{}", function.name, channel_id(topic));
            operations.insert(id, operation("receive", topic, &events, &function.service));
        }
    }
    operations
}

fn operation(action: &str, topic: Topic, events: &[&EventType], service: &str) -> Value {
    let channel = format!("#/channels/{}", channel_id(topic));
    let messages: Vec<_> =
        events.iter().map(|event| json!({"$ref": format!("{channel}/messages/{}", event.name)})).collect();
    json!({"action": action, "channel": {"$ref": channel}, "messages": messages, "x-service": service})
}
