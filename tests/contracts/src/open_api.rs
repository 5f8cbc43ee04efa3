//! The HTTP API as an OpenAPI 3.1 document: routes from the declarations, bodies from `api.yaml`, examples
//! and idempotency keys from the sample inputs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::functions::{Function, Trigger};
use crate::{Fault, files, inputs, yaml};

/// Where the bodies are described.
const BODIES: &str = "tests/contracts/api.yaml";

/// The document.
///
/// # Errors
/// If a route is not described, or a description has no route.
pub(crate) fn document(functions: &[Function]) -> Result<Value, Fault> {
    let described = yaml::read(&files::read(BODIES)?)?;
    let member = |name: &str| described.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut descriptions = member("functions");
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for function in functions {
        let Trigger::Routes(routes) = &function.trigger else { continue };
        let description =
            descriptions.remove(&function.name).ok_or_else(|| format!("{BODIES} lacks {}", function.name))?;
        let sample: Value = serde_json::from_str(&files::read(&inputs::path(&function.name))?)?;
        for route in routes {
            let (method, path) = route.split_once(' ').ok_or("a route is a method and a path")?;
            let operation = operation(function, path, &description, &sample);
            paths.entry(path.to_owned()).or_default().insert(method.to_ascii_lowercase(), operation);
        }
    }
    if let Some(name) = descriptions.keys().next() {
        return Err(format!("{BODIES} describes {name}, which has no route").into());
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Quoin",
            "version": "1.0.0",
            "description": "Generated from functions/*/service.yaml, tests/contracts/api.yaml and events/.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": member("schemas"),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {"Problem": {
                "description": "Not done; the code says why.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }},
        },
    }))
}

fn operation(function: &Function, path: &str, description: &Value, sample: &Value) -> Value {
    let mut operation = Map::from_iter([
        ("operationId".to_owned(), function.name.as_str().into()),
        ("tags".to_owned(), json!([function.service])),
        ("summary".to_owned(), description.get("summary").cloned().unwrap_or_default()),
        ("parameters".to_owned(), Value::Array(parameters(path, description, sample))),
        ("responses".to_owned(), responses(description)),
    ]);
    if function.is_public {
        operation.insert("security".to_owned(), json!([]));
    }
    if let Some(body) = body(description, sample) {
        operation.insert("requestBody".to_owned(), body);
    }
    Value::Object(operation)
}

fn parameters(path: &str, description: &Value, sample: &Value) -> Vec<Value> {
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let text = json!({"type": "string"});
    let mut parameters: Vec<_> =
        in_path.map(|name| json!({"name": name, "in": "path", "required": true, "schema": text})).collect();
    for (name, query) in description.get("query").and_then(Value::as_object).into_iter().flatten() {
        let mut parameter = json!({"name": name, "in": "query"});
        if let (Some(parameter), Some(query)) = (parameter.as_object_mut(), query.as_object()) {
            parameter.extend(query.clone());
        }
        parameters.push(parameter);
    }
    if description.get("pages").is_some() {
        let limit = json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20});
        parameters.push(json!({"name": "limit", "in": "query", "schema": limit}));
        parameters.push(json!({"name": "cursor", "in": "query", "schema": text}));
    }
    let header = |name: &str, what: &str| json!({"name": name, "in": "header", "required": true, "description": what, "schema": text});
    if sample.pointer("/headers/idempotency-key").is_some() {
        parameters.push(header("Idempotency-Key", "the same key and body get the first answer again"));
    }
    if description.get("signed") == Some(&Value::Bool(true)) {
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            parameters.push(header(name, "Standard Webhooks"));
        }
    }
    parameters
}

fn body(description: &Value, sample: &Value) -> Option<Value> {
    let text = sample.get("body").and_then(Value::as_str);
    if description.get("xml") == Some(&Value::Bool(true)) {
        let content = json!({"application/xml": {"schema": {"type": "string"}, "example": text}});
        return Some(json!({"required": true, "content": content}));
    }
    let schema = description.get("body")?;
    let example: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
    Some(json!({"required": true, "content": {"application/json": {"schema": schema, "example": example}}}))
}

fn responses(description: &Value) -> Value {
    let mut responses = Map::new();
    if let Some(item) = description.get("pages") {
        let page = json!({
            "type": "object",
            "required": ["items", "next_cursor"],
            "properties": {
                "items": {"type": "array", "items": item},
                "next_cursor": {"type": ["string", "null"]},
            },
        });
        responses.insert("200".to_owned(), response(&page));
    }
    for (status, schema) in description.get("answers").and_then(Value::as_object).into_iter().flatten() {
        responses.insert(status.clone(), response(schema));
    }
    responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/Problem"}));
    Value::Object(responses)
}

fn response(schema: &Value) -> Value {
    if schema.is_null() {
        return json!({"description": "Done."});
    }
    json!({"description": "Done.", "content": {"application/json": {"schema": schema}}})
}
