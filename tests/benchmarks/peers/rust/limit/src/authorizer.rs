//! Job 3: who asks an HTTP API, by the ES256 token that they bring.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::clock::Moment;
use crate::endpoint::{Endpoint, KMS, body};
use crate::json::{Text, quoted, text};
use crate::{Error, variable};

/// The longest token that is looked at.
const MAX_LENGTH: usize = 4096;
/// Seconds by which the issuer's clock may be ahead.
const SKEW: i64 = 60;
/// An uncompressed point of P-256: 0x04, x, y.
const POINT: usize = 65;
const NOBODY: &str = r#"{"isAuthorized":false}"#;

/// The job, with the key that tokens are signed with.
pub struct Authorizer {
    issuer: String,
    audience: String,
    key_id: String,
    key: UnparsedPublicKey<Vec<u8>>,
}

/// An HTTP API's request; each member is read on its own, since a wrong one is as good as none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(rename = "identitySource", borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    headers: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(rename = "PublicKey", borrow)]
    key: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    kid: Cow<'a, str>,
    /// Extensions that must be understood; none is.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(borrow)]
    aud: Cow<'a, str>,
    #[serde(borrow)]
    sub: Cow<'a, str>,
    roles: Vec<Role>,
    #[serde(borrow)]
    sid: Cow<'a, str>,
    iat: i64,
    nbf: Option<i64>,
    exp: i64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Agent,
    Merchant,
    Operator,
}

impl Authorizer {
    /// Asks for the key; what it was asked over is closed.
    pub fn from_env() -> Result<Self, Error> {
        let arn = variable("KEY_IDENTITY")?;
        let mut kms = Endpoint::connect(&KMS)?;
        let reply = kms.call("GetPublicKey", &format!(r#"{{"KeyId":{}}}"#, quoted(&arn)))?;
        let found: Found<'_> = serde_json::from_slice(body(&reply)?)?;
        let der = STANDARD.decode(found.key.as_bytes())?;
        let start = der.len().checked_sub(POINT).ok_or("the key is too short")?;
        Ok(Self {
            issuer: variable("TOKEN_ISSUER")?,
            audience: variable("TOKEN_AUDIENCE")?,
            key_id: arn.rsplit('/').next().unwrap_or_default().to_owned(),
            key: UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, der[start..].to_vec()),
        })
    }

    /// Says who asks; whoever brings no good token is nobody.
    pub fn handle(&self, payload: &[u8]) -> String {
        let event: Event<'_> = serde_json::from_slice(payload).unwrap_or_default();
        let source = event.source.and_then(first).or_else(|| event.headers.and_then(header));
        let principal = source.and_then(|source| self.principal(bearer(&source)?, Moment::now().seconds() as i64));
        principal.unwrap_or_else(|| NOBODY.to_owned())
    }

    fn principal(&self, token: &str, now: i64) -> Option<String> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = URL_SAFE_NO_PAD.decode(header).ok()?;
        let header: Header<'_> = serde_json::from_slice(&header).ok()?;
        if header.alg != "ES256" || header.crit.is_some() || header.kid != self.key_id {
            return None;
        }
        self.key.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).ok()?;
        let begins = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
        let is_good = claims.iss == self.issuer && claims.aud == self.audience;
        (is_good && now < claims.exp && begins <= now.saturating_add(SKEW)).then(|| claims.answer())
    }
}

impl Claims<'_> {
    fn answer(&self) -> String {
        let roles: Vec<_> = self.roles.iter().map(|role| role.name()).collect();
        format!(
            r#"{{"isAuthorized":true,"context":{{"sub":{},"roles":"{}","session_id":{}}}}}"#,
            quoted(&self.sub),
            roles.join(","),
            quoted(&self.sid)
        )
    }
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
            Self::Merchant => "merchant",
            Self::Operator => "operator",
        }
    }
}

fn first(source: &RawValue) -> Option<Cow<'_, str>> {
    let every: Vec<&RawValue> = serde_json::from_str(source.get()).ok()?;
    text(every.first().copied())
}

fn header(headers: &RawValue) -> Option<Cow<'_, str>> {
    let every: HashMap<Text<'_>, &RawValue> = serde_json::from_str(headers.get()).ok()?;
    let found = every.into_iter().find(|(name, _)| name.0.eq_ignore_ascii_case("authorization"));
    text(found.map(|(_, value)| value))
}

fn bearer(source: &str) -> Option<&str> {
    let (scheme, token) = source.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_where_the_gateway_puts_it() {
        let found = |payload: &str| {
            let event: Event<'_> = serde_json::from_str(payload).unwrap_or_default();
            let source = event.source.and_then(first).or_else(|| event.headers.and_then(header))?;
            bearer(&source).map(str::to_owned)
        };
        assert_eq!(found(r#"{"identitySource":["Bearer abc"]}"#).as_deref(), Some("abc"));
        assert_eq!(found(r#"{"headers":{"Authorization":"bearer  abc "}}"#).as_deref(), Some("abc"));
        for none in ["null", "[]", r#"{"identitySource":[7]}"#, r#"{"identitySource":["Basic abc"]}"#] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}
