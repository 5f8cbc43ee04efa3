//! A provider that takes messages as JSON over HTTP and knows a repetition by its `Idempotency-Key`.

use quoin_runtime::{Env, Failure, OutboundError, OutboundRequest, OutboundResponse, Personal};
use serde::Deserialize;
use serde_json::json;

use super::Outgoing;
use crate::notice::{Answer, code};

/// How long the provider may take: three channels must fit into one message's time.
const TIMEOUT_MS: u64 = 3_000;

/// What is read of the provider's answer.
#[derive(Debug, Default, Deserialize)]
struct Reply {
    message_id: Option<String>,
    id: Option<String>,
    code: Option<String>,
}

/// Posts `message`.
///
/// # Errors
/// Transient, if the URL or the credential is not there.
pub(crate) async fn send(env: &Env, message: &Outgoing) -> Result<Answer, Failure> {
    let secret = env.secret("notification_credential").await?;
    let mut body = json!({
        "channel": message.channel,
        "to": message.to.reveal(),
        "text": message.text.reveal(),
    });
    if let (Some(subject), Some(body)) = (&message.subject, body.as_object_mut()) {
        body.insert("subject".to_owned(), Personal::reveal(subject).into());
    }
    let request = OutboundRequest {
        method: "POST",
        url: env.config.require("NOTIFICATION_URL")?.to_owned(),
        headers: vec![
            ("authorization".to_owned(), format!("Bearer {secret}")),
            ("content-type".to_owned(), "application/json".to_owned()),
            ("idempotency-key".to_owned(), message.reference.to_string()),
        ],
        body: body.to_string().into_bytes(),
        timeout_ms: TIMEOUT_MS,
    };
    Ok(match env.call(request).await {
        Ok(response) => understand(&message.reference.notification_id, &response),
        // Their own words may quote the request.
        Err(OutboundError::NotSent(_)) => Answer::Unavailable("the provider was not reached".to_owned()),
        Err(OutboundError::Unknown(_)) => Answer::Unavailable("the provider gave no answer".to_owned()),
    })
}

fn understand(notification_id: &str, response: &OutboundResponse) -> Answer {
    let reply: Reply = serde_json::from_slice(&response.body).unwrap_or_default();
    let status = response.status;
    match status {
        200..=299 => {
            let named = [reply.message_id, reply.id].into_iter().flatten().find(|id| is_id(id));
            Answer::Accepted(named.unwrap_or_else(|| notification_id.to_owned()))
        }
        // Not about this message: a credential that is being rotated, a first try still in progress, too many at once.
        401 | 408 | 409 | 425 | 429 => Answer::Unavailable(format!("HTTP {status}")),
        400..=499 => match code(reply.code.as_deref()) {
            Some(code) => Answer::Refused(format!("HTTP {status} {code}")),
            None => Answer::Refused(format!("HTTP {status}")),
        },
        _ => Answer::Unavailable(format!("HTTP {status}")),
    }
}

fn is_id(text: &str) -> bool {
    (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        understand("ntf_1", &OutboundResponse { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn an_accepted_message_has_the_providers_id_or_else_our_own() {
        assert_eq!(answer(202, r#"{"message_id":"m1"}"#), Answer::Accepted("m1".to_owned()));
        assert_eq!(answer(200, ""), Answer::Accepted("ntf_1".to_owned()));
    }

    #[test]
    fn a_refusal_is_permanent_unless_it_is_not_about_the_message() {
        assert_eq!(answer(422, r#"{"code":"UNKNOWN_NUMBER"}"#), Answer::Refused("HTTP 422 UNKNOWN_NUMBER".to_owned()));
        for status in [401, 409, 429, 500, 503, 302] {
            assert!(matches!(answer(status, ""), Answer::Unavailable(_)), "{status}");
        }
    }

    #[test]
    fn what_the_provider_quotes_is_not_kept() {
        let refused = answer(400, r#"{"code":"+49 170 1234567 is unknown","detail":"jane@example.com"}"#);
        assert_eq!(refused, Answer::Refused("HTTP 400".to_owned()));
    }
}
