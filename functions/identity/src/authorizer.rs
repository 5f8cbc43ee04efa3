//! The authorizer of the HTTP API: says who asks, and nothing of what they may do; handlers check roles.
//! It looks at no session: a token goes on until it expires, and at most the five minutes longer for which the
//! gateway keeps the answer.

use quoin_runtime::{Env, Failure, Invocation, Metrics};
use serde::Serialize;
use serde_json::Value;

use crate::tokens::{Claims, Realm, role_name};

/// The simple answer of payload format 2.0.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    is_authorized: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Principal>,
}

/// What handlers learn of the caller.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Principal {
    sub: String,
    roles: String,
    session_id: String,
}

/// Answers for one request. Whatever the request is, the answer is no unless its token is good.
///
/// # Errors
/// If the public key cannot be read.
pub async fn handle(
    env: &Env,
    _invocation: &Invocation,
    event: Value,
    _metrics: &mut Metrics,
) -> Result<Authorization, Failure> {
    let Some(token) = bearer(&event) else { return Ok(Authorization::default()) };
    let key = env.public_key().await?;
    match Realm::of(&env.config).verify(token, &key, env.clock.now()) {
        Ok(claims) => Ok(Authorization::of(claims)),
        Err(_) => Ok(Authorization::default()),
    }
}

impl Authorization {
    fn of(claims: Claims) -> Self {
        let roles: Vec<_> = claims.roles.iter().map(|role| role_name(*role)).collect();
        let principal = Principal { sub: claims.sub, roles: roles.join(","), session_id: claims.sid };
        Self { is_authorized: true, context: Some(principal) }
    }
}

/// The token of the request: of the identity source that the answer is cached by, or of the header.
fn bearer(event: &Value) -> Option<&str> {
    let source = event.pointer("/identitySource/0").and_then(Value::as_str);
    let header = || {
        let headers = event.get("headers")?.as_object()?;
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?.1.as_str()
    };
    let (scheme, token) = source.or_else(header)?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_runtime::Role;
    use serde_json::json;

    #[test]
    fn the_token_is_found_where_the_gateway_puts_it() {
        assert_eq!(bearer(&json!({ "identitySource": ["Bearer abc"] })), Some("abc"));
        assert_eq!(bearer(&json!({ "headers": { "Authorization": "bearer  abc " } })), Some("abc"));
        for event in [
            json!(null),
            json!([]),
            json!({ "identitySource": [] }),
            json!({ "identitySource": [7] }),
            json!({ "identitySource": ["abc"] }),
            json!({ "identitySource": ["Basic abc"] }),
            json!({ "identitySource": ["Bearer "] }),
            json!({ "headers": ["Authorization"] }),
        ] {
            assert_eq!(bearer(&event), None, "{event}");
        }
    }

    #[test]
    fn the_answer_has_the_gateways_shape() {
        let claims = Claims {
            iss: "quoin".into(),
            aud: "quoin-api".into(),
            sub: "user_1".into(),
            roles: vec![Role::User, Role::Operator],
            sid: "ses_1".into(),
            iat: 1,
            nbf: None,
            exp: 2,
        };
        let yes = json!({ "isAuthorized": true,
            "context": { "sub": "user_1", "roles": "user,operator", "session_id": "ses_1" } });
        assert_eq!(serde_json::to_value(Authorization::of(claims)).unwrap(), yes);
        assert_eq!(serde_json::to_value(Authorization::default()).unwrap(), json!({ "isAuthorized": false }));
    }
}
