//! The routes of the WebSocket API. What a client sends is answered, never dropped.

use std::collections::BTreeMap;

use quoin_runtime::{Env, Failure};
use serde::{Deserialize, Serialize};

use crate::message::{Answer, Refusal};

pub mod connect;
pub mod disconnect;
pub mod message;
pub mod subscribe;

/// API Gateway's event of a WebSocket API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketEvent {
    request_context: SocketContext,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    body: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SocketContext {
    connection_id: String,
    event_type: EventType,
}

/// What happened. A client may name any route in a message, so the route does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum EventType {
    Connect,
    Message,
    Disconnect,
}

/// What the gateway is answered; the body goes over the connection.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketReply {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl SocketReply {
    const fn empty(status_code: u16) -> Self {
        Self { status_code, body: None }
    }

    fn of(answer: &Answer) -> Result<Self, Failure> {
        let body = serde_json::to_string(answer).map_err(Failure::poison)?;
        let status_code = match answer {
            Answer::Done { .. } => 200,
            Answer::Refused { error } => error.status,
        };
        Ok(Self { status_code, body: Some(body) })
    }

    /// A failure of ours, of which the client is told that it is one.
    fn failed(env: &Env, failure: &Failure) -> Result<Self, Failure> {
        tracing::error!(reason = %failure, "a client is told to try again");
        env.count("SocketFaults", 1);
        Self::of(&Answer::Refused { error: Refusal::new(503, "UNAVAILABLE", "try again shortly") })
    }
}

impl SocketEvent {
    fn connection_id(&self) -> &str {
        &self.request_context.connection_id
    }

    fn body(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }

    /// Whether it is what its function is for, and not a message that names the function's route.
    fn is(&self, event_type: EventType) -> bool {
        self.request_context.event_type == event_type
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query_string_parameters.as_ref()?.get(name).map(String::as_str)
    }
}

/// A message that is for no route.
fn unknown_action() -> Answer {
    let detail = "must be subscribe, unsubscribe or ping";
    Answer::Refused { error: Refusal::of("/action", 400, "ACTION_UNKNOWN", detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_known_by_its_type() {
        let text = r#"{"requestContext":{"routeKey":"$connect","eventType":"MESSAGE","connectionId":"a=","stage":"live"},
            "body":"{}","isBase64Encoded":false,"queryStringParameters":null}"#;
        let event: SocketEvent = serde_json::from_str(text).unwrap();
        assert!(event.is(EventType::Message) && !event.is(EventType::Connect));
        assert_eq!((event.connection_id(), event.body(), event.query("ticket")), ("a=", "{}", None));
    }
}
