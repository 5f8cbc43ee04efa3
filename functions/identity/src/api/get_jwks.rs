//! `GET /.well-known/jwks.json`: the key that access tokens are verified with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quoin_runtime::{Env, Problem, PublicKey, Request, Response};
use serde::Serialize;

/// A JSON Web Key Set (RFC 7517).
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct KeySet {
    /// The keys that are in use.
    keys: Vec<Key>,
}

/// An elliptic-curve key (RFC 7518).
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "JsonWebKey"))]
struct Key {
    /// Kind of key.
    kty: &'static str,
    /// The curve.
    crv: &'static str,
    /// What it is for.
    r#use: &'static str,
    /// The signature algorithm.
    alg: &'static str,
    /// What a token's header names it by.
    kid: String,
    /// The point's first coordinate, base64url.
    x: String,
    /// The second one.
    y: String,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The key that access tokens are verified with").answers::<KeySet>(200)
}

/// Answers with the key set.
///
/// # Errors
/// 503 if the key cannot be read.
pub async fn handle(env: &Env, _request: &Request) -> Result<Response, Problem> {
    let keys = KeySet::from(&env.public_key().await?);
    Ok(Response::json(200, &keys)?.header("cache-control", "public, max-age=300"))
}

impl From<&PublicKey> for KeySet {
    fn from(key: &PublicKey) -> Self {
        let key = Key {
            kty: "EC",
            crv: "P-256",
            r#use: "sig",
            alg: "ES256",
            kid: key.key_id.clone(),
            x: URL_SAFE_NO_PAD.encode(&key.x),
            y: URL_SAFE_NO_PAD.encode(&key.y),
        };
        Self { keys: vec![key] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_members_of_an_elliptic_key() {
        let key = PublicKey { key_id: "k".into(), x: vec![1; 32], y: vec![2; 32] };
        let set = serde_json::to_value(KeySet::from(&key)).unwrap();
        assert_eq!(set["keys"][0]["x"].as_str().unwrap().len(), 43);
        assert_eq!(set["keys"][0]["kid"], "k");
        assert_eq!(set["keys"].as_array().unwrap().len(), 1);
    }
}
