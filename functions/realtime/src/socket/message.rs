//! `ping`, and whatever is for no route.

use quoin_runtime::{Env, Failure, Invocation, Metrics};
use serde::Deserialize;

use super::{SocketEvent, SocketReply, unknown_action};
use crate::message::{Answer, Refusal, sized};

/// What a client asks for, whatever comes with it.
#[derive(Deserialize)]
struct Asked {
    action: String,
}

/// Answers.
///
/// # Errors
/// None in practice.
pub async fn handle(
    _env: &Env,
    _invocation: &Invocation,
    event: SocketEvent,
    _metrics: &mut Metrics,
) -> Result<SocketReply, Failure> {
    SocketReply::of(&answer(event.body()))
}

fn answer(body: &str) -> Answer {
    let body = match sized(body) {
        Ok(body) => body,
        Err(error) => return Answer::Refused { error },
    };
    match serde_json::from_str::<Asked>(body) {
        Ok(asked) if asked.action == "ping" => Answer::Done { action: "pong", channel: None },
        Ok(_) => unknown_action(),
        Err(_) => {
            let detail = "must be a JSON object with an action: subscribe, unsubscribe or ping";
            Answer::Refused { error: Refusal::new(400, "MESSAGE_MALFORMED", detail) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MAX_SENT;

    #[test]
    fn whatever_a_client_sends_is_answered() {
        let code = |body: &str| match answer(body) {
            Answer::Done { action, .. } => action,
            Answer::Refused { error } => error.code,
        };
        assert_eq!(code(r#"{"action":"ping"}"#), "pong");
        assert_eq!(code(r#"{"action":"dance"}"#), "ACTION_UNKNOWN");
        for body in ["", "ping", "[]", "{}", r#"{"action":1}"#, r#"{"action":"ping""#] {
            assert_eq!(code(body), "MESSAGE_MALFORMED", "{body}");
        }
        assert_eq!(code(&" ".repeat(MAX_SENT + 1)), "MESSAGE_TOO_LARGE");
    }
}
