//! The functions as each `service.yaml` declares them.

use serde_json::Value;

use crate::samples::Sample;
use quoin_stack::yaml;

use crate::{Fault, files};

/// A Lambda function.
pub(crate) struct Function {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) trigger: Trigger,
    /// Whether its route asks for no token.
    #[cfg_attr(not(test), expect(dead_code, reason = "only compared"))]
    pub(crate) is_public: bool,
}

/// What calls a function.
pub(crate) enum Trigger {
    /// Routes of the API, `POST /api/bets`.
    Routes(#[cfg_attr(not(test), expect(dead_code, reason = "only compared"))] Vec<String>),
    /// Events of the bus.
    Events(Vec<Subscription>),
    /// A work queue of its service.
    Queue,
    /// Anything else: a schedule, a stream, an authorizer, a WebSocket, a call by IAM.
    Other,
}

/// Topics and, unless all are meant, their events or the entities that they are about.
pub(crate) struct Subscription {
    /// `None` for every topic.
    topics: Option<Vec<String>>,
    /// `None` for every event.
    events: Option<Vec<String>>,
    /// `None` for every kind of entity.
    entities: Option<Vec<String>>,
    /// `None` for every routing key, and none.
    routing_keys: Option<Vec<String>>,
    /// `None` for whatever credits were spent on.
    target_types: Option<Vec<String>>,
}

impl Subscription {
    fn includes(&self, sample: &Sample) -> bool {
        let names = |listed: &Option<Vec<String>>, name: &str| {
            listed.as_ref().is_none_or(|listed| listed.iter().any(|one| one == name))
        };
        names(&self.topics, sample.of.topic.as_str())
            && names(&self.events, sample.of.name)
            && names(&self.entities, sample.entity_kind().unwrap_or_default())
            && names(&self.routing_keys, sample.of.routing_key.unwrap_or_default())
            && names(&self.target_types, sample.target_type().unwrap_or_default())
    }

    fn is_everything(&self) -> bool {
        self.topics.is_none() && self.events.is_none() && self.entities.is_none() && self.routing_keys.is_none()
    }
}

impl Function {
    /// Whether it is declared to consume the event of `sample`.
    pub(crate) fn consumes(&self, sample: &Sample) -> bool {
        match &self.trigger {
            Trigger::Events(subscriptions) => subscriptions.iter().any(|one| one.includes(sample)),
            Trigger::Routes(_) | Trigger::Queue | Trigger::Other => false,
        }
    }

    /// Whether it records everything: such a consumer acts on no event in particular.
    pub(crate) fn records_everything(&self) -> bool {
        match &self.trigger {
            Trigger::Events(subscriptions) => subscriptions.iter().any(Subscription::is_everything),
            Trigger::Routes(_) | Trigger::Queue | Trigger::Other => false,
        }
    }
}

/// Names of the services, sorted.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn services() -> Result<Vec<String>, Fault> {
    let declared = |name: &String| files::at(&format!("functions/{name}/service.yaml")).exists();
    Ok(files::names("functions")?.into_iter().filter(declared).collect())
}

/// Every function of every service.
///
/// # Errors
/// If a declaration cannot be read.
pub(crate) fn all() -> Result<Vec<Function>, Fault> {
    let mut functions = Vec::new();
    for service in services()? {
        let path = format!("functions/{service}/service.yaml");
        let document = yaml::read(&files::read(&path)?).map_err(|fault| format!("{path}: {fault}"))?;
        let declared = document.get("functions").and_then(Value::as_object).ok_or("functions are missing")?;
        for (name, spec) in declared {
            functions.push(Function {
                service: service.clone(),
                name: name.clone(),
                trigger: trigger(spec).ok_or_else(|| format!("{path}: {name} has no trigger"))?,
                is_public: spec.get("public").and_then(Value::as_bool).unwrap_or(false),
            });
        }
    }
    Ok(functions)
}

fn trigger(spec: &Value) -> Option<Trigger> {
    if let Some(route) = spec.get("route") {
        return Some(Trigger::Routes(texts(route)));
    }
    if let Some(rules) = spec.get("consumes").and_then(Value::as_array) {
        let subscription = |rule: &Value| Subscription {
            topics: rule.get("topics").filter(|topics| *topics != "all").map(texts),
            events: rule.get("events").map(texts),
            entities: rule.get("entities").map(texts),
            routing_keys: rule.get("routing_keys").map(texts),
            target_types: rule.get("target_types").map(texts),
        };
        return Some(Trigger::Events(rules.iter().map(subscription).collect()));
    }
    if spec.get("queue").is_some() {
        return Some(Trigger::Queue);
    }
    let is_other = ["schedule", "scheduled", "stream", "authorizer", "invoke", "socket"]
        .iter()
        .any(|kind| spec.get(kind).is_some());
    is_other.then_some(Trigger::Other)
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    match value.as_array() {
        Some(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => value.as_str().map(str::to_owned).into_iter().collect(),
    }
}
