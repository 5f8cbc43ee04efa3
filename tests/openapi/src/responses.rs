//! What a route answers: its own answers, its problems by status, and what the gateway says in its place.

use std::collections::{BTreeMap, BTreeSet};

use quoin_runtime::{Contract, Problem};
use serde_json::{Map, Value, json};

use crate::Fault;
use crate::components::Components;
use crate::document::with;
use crate::served::Served;

/// Statuses with which the gateway itself may answer any request.
const BY_GATEWAY: [u16; 4] = [413, 429, 500, 503];
/// Statuses with which it turns a caller without a good token away.
const BY_AUTHORIZER: [u16; 2] = [401, 403];

type Problems = BTreeMap<u16, BTreeSet<&'static str>>;

/// The responses of one route.
///
/// # Errors
/// If two types go by one name.
pub(crate) fn of(served: &Served, schemas: &mut Components) -> Result<Value, Fault> {
    let contract = &served.contract;
    let mut responses = Map::new();
    for (status, body) in &contract.answers {
        let schema = body.map(|of| schemas.answered(of)).transpose()?;
        let text = schema.map(|schema| ("application/json".to_owned(), json!({"schema": schema})));
        // Bytes have no schema: the media type says what they are.
        let binary = contract.binaries.get(status).map(|kind| ((*kind).to_owned(), json!({})));
        let content: Map<String, Value> = text.into_iter().chain(binary).collect();
        let content = (!content.is_empty()).then_some(Value::Object(content));
        let hit = || json!({"Idempotency-Hit": {"$ref": "#/components/headers/IdempotencyHit"}});
        let response = with(json!({"description": "Done."}), "content", content);
        let response = with(response, "headers", (contract.is_idempotent || contract.may_be_idempotent).then(hit));
        responses.insert(status.to_string(), response);
    }
    let common = common();
    for (status, codes) in problems(served) {
        let response = match common.get(&status) {
            Some(everywhere) if *everywhere == codes => {
                json!({"$ref": format!("#/components/responses/{status}")})
            }
            Some(_) | None => problem(status, &codes, !served.is_public),
        };
        responses.insert(status.to_string(), response);
    }
    Ok(Value::Object(responses))
}

fn problems(served: &Served) -> Problems {
    let mut problems = served.contract.problems.clone();
    if !served.is_public {
        problems.entry(401).or_default().insert("UNAUTHENTICATED");
        problems.entry(403).or_default();
    }
    if served.path_parameters().next().is_some() {
        problems.entry(404).or_default().insert("NOT_FOUND");
    }
    problems
}

/// Problems that are the same wherever they are.
fn common() -> Problems {
    let all = Contract::new("").takes::<()>().problems;
    all.into_iter().filter(|(status, _)| BY_GATEWAY.contains(status)).collect()
}

/// The responses that routes share, and the schemas of all problems.
///
/// # Errors
/// If two types go by one name.
pub(crate) fn shared(schemas: &mut Components) -> Result<Map<String, Value>, Fault> {
    schemas.answered(quoin_runtime::PROBLEM)?;
    schemas.answered(quoin_runtime::GATEWAY_MESSAGE)?;
    Ok(common().iter().map(|(status, codes)| (status.to_string(), problem(*status, codes, false))).collect())
}

/// The headers that responses refer to.
pub(crate) fn headers() -> Value {
    json!({
        "IdempotencyHit": {"description": "`true` if this is the answer that was given before", "schema": {"const": "true"}},
        "RetryAfter": {"description": "seconds after which to try again", "schema": {"type": "integer", "minimum": 0}},
    })
}

fn problem(status: u16, codes: &BTreeSet<&str>, is_authorized: bool) -> Value {
    let mut content = Map::new();
    if !codes.is_empty() {
        let schema = json!({"$ref": "#/components/schemas/Problem", "properties": {"code": {"enum": codes}}});
        content.insert("application/problem+json".to_owned(), json!({"schema": schema}));
    }
    if BY_GATEWAY.contains(&status) || is_authorized && BY_AUTHORIZER.contains(&status) {
        let schema = json!({"$ref": "#/components/schemas/GatewayMessage"});
        content.insert("application/json".to_owned(), json!({"schema": schema}));
    }
    let later = || json!({"Retry-After": {"$ref": "#/components/headers/RetryAfter"}});
    let response = json!({"description": Problem::title(status), "content": content});
    with(response, "headers", matches!(status, 429 | 503).then(later))
}
