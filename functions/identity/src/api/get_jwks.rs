//! `GET /.well-known/jwks.json`: the key that access tokens are verified with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quoin_runtime::{Env, Problem, PublicKey, Request, Response};
use serde_json::{Value, json};

/// Answers with the key set.
///
/// # Errors
/// 503 if the key cannot be read.
pub async fn handle(env: &Env, _request: &Request) -> Result<Response, Problem> {
    let keys = key_set(&env.public_key().await?);
    Ok(Response::json(200, &keys)?.header("cache-control", "public, max-age=300"))
}

fn key_set(key: &PublicKey) -> Value {
    json!({ "keys": [{
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
        "kid": key.key_id,
        "x": URL_SAFE_NO_PAD.encode(&key.x),
        "y": URL_SAFE_NO_PAD.encode(&key.y),
    }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_members_of_an_elliptic_key() {
        let key = PublicKey { key_id: "k".into(), x: vec![1; 32], y: vec![2; 32] };
        let set = key_set(&key);
        assert_eq!(set["keys"][0]["x"].as_str().unwrap().len(), 43);
        assert_eq!(set["keys"][0]["kid"], "k");
        assert_eq!(set["keys"].as_array().unwrap().len(), 1);
    }
}
