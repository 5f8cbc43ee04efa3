//! The HTTP API as an OpenAPI 3.1 document.

use std::collections::BTreeMap;

use quoin_runtime::Body;
use serde_json::{Map, Value, json};

use crate::components::{self, Components};
use crate::served::Served;
use crate::{Fault, responses};

/// The document.
///
/// # Errors
/// If two types go by one name, or a sample's body is not JSON where JSON is taken.
pub(crate) fn document(served: &[Served]) -> Result<Value, Fault> {
    let mut schemas = Components::default();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for one in served {
        let operation = operation(one, &mut schemas).map_err(|fault| format!("{}: {fault}", one.function))?;
        paths.entry(&one.path).or_default().insert(one.method.clone(), operation);
    }
    let responses = responses::shared(&mut schemas)?;
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Quoin",
            "version": "1.0.0",
            "description": "Generated from the contracts in functions/*/src and the sample inputs in events/.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.into_schemas(),
            "responses": responses,
            "headers": responses::headers(),
            "parameters": {"RequestId": {
                "name": "X-Request-Id", "in": "header", "schema": {"type": "string"},
                "description": "correlates everything that the request leads to; returned, and made up if it is absent",
            }},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }))
}

fn operation(served: &Served, schemas: &mut Components) -> Result<Value, Fault> {
    let mut operation = Map::from_iter([
        ("operationId".to_owned(), served.function.into()),
        ("tags".to_owned(), json!([served.service])),
        ("summary".to_owned(), served.contract.summary.into()),
        ("parameters".to_owned(), Value::Array(parameters(served))),
        ("responses".to_owned(), responses::of(served, schemas)?),
    ]);
    if served.is_public {
        operation.insert("security".to_owned(), json!([]));
    }
    if let Some(body) = body(served, schemas)? {
        operation.insert("requestBody".to_owned(), body);
    }
    Ok(Value::Object(operation))
}

fn parameters(served: &Served) -> Vec<Value> {
    let contract = &served.contract;
    let text = json!({"type": "string"});
    let in_path = |name| json!({"name": name, "in": "path", "required": true, "schema": text});
    let mut parameters: Vec<_> = served.path_parameters().map(in_path).collect();
    let pages = contract.is_paged.then_some(quoin_runtime::PAGES);
    parameters.extend(contract.query.into_iter().chain(pages).flat_map(components::query).map(in_query));
    let header = |name: &str, what: &str, is_required: bool| json!({"name": name, "in": "header", "required": is_required, "description": what, "schema": text});
    if contract.is_idempotent || contract.may_be_idempotent {
        let what = "the same key and body get the first answer again";
        parameters.push(header("Idempotency-Key", what, contract.is_idempotent));
    }
    if contract.is_signed {
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            parameters.push(header(name, "Standard Webhooks", true));
        }
    }
    parameters.push(json!({"$ref": "#/components/parameters/RequestId"}));
    parameters
}

fn in_query((name, mut schema, is_required): (String, Value, bool)) -> Value {
    let description = schema.as_object_mut().and_then(|members| members.remove("description"));
    let parameter = json!({"name": name, "in": "query", "required": is_required, "schema": schema});
    with(parameter, "description", description)
}

/// An object with one more member, if there is any.
pub(crate) fn with(mut object: Value, name: &str, member: Option<Value>) -> Value {
    if let (Some(members), Some(member)) = (object.as_object_mut(), member) {
        members.insert(name.to_owned(), member);
    }
    object
}

fn body(served: &Served, schemas: &mut Components) -> Result<Option<Value>, Fault> {
    let text = served.body.as_deref();
    let content = match served.contract.body {
        None => return Ok(None),
        Some(Body::Xml) => json!({"application/xml": {"schema": {"type": "string"}, "example": text}}),
        Some(Body::Json(of)) => {
            let example: Option<Value> = text.map(serde_json::from_str).transpose()?;
            json!({"application/json": {"schema": schemas.taken(of)?, "example": example}})
        }
    };
    Ok(Some(json!({"required": true, "content": content})))
}
