//! Access tokens: ES256 JSON Web Tokens, signed by KMS, good for a quarter of an hour.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use quoin_events::Timestamp;
use quoin_runtime::{Config, Env, Failure, PublicKey, Role};
use serde::{Deserialize, Serialize};

use crate::es256;

/// Seconds for which an access token is good.
pub(crate) const LIFETIME: i64 = 900;
/// Seconds by which the issuer's clock may be ahead of the verifier's.
const SKEW: i64 = 60;
/// The longest token that is looked at.
const MAX_LENGTH: usize = 4096;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    /// The user.
    pub(crate) sub: String,
    pub(crate) roles: Vec<Role>,
    /// The session.
    pub(crate) sid: String,
    pub(crate) iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<i64>,
    pub(crate) exp: i64,
}

/// Who gives tokens out, and for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Realm<'a> {
    issuer: &'a str,
    audience: &'a str,
}

/// A token that opens nothing, and why; only for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    TooLong,
    Malformed,
    OtherKey,
    Signature,
    Expired,
    NotYet,
}

impl<'a> Realm<'a> {
    /// The realm of this stage.
    pub(crate) fn of(config: &'a Config) -> Self {
        Self {
            issuer: config.get("TOKEN_ISSUER").unwrap_or("quoin"),
            audience: config.get("TOKEN_AUDIENCE").unwrap_or("quoin-api"),
        }
    }

    fn claims(self, user_id: &str, roles: &[Role], session_id: &str, now: Timestamp) -> Claims {
        Claims {
            iss: self.issuer.to_owned(),
            aud: self.audience.to_owned(),
            sub: user_id.to_owned(),
            roles: roles.to_vec(),
            sid: session_id.to_owned(),
            iat: now.seconds(),
            nbf: None,
            exp: now.seconds().saturating_add(LIFETIME),
        }
    }

    /// What `token` says, if `key` signed it and it is good for this realm at `now`.
    pub(crate) fn verify(self, token: &str, key: &PublicKey, now: Timestamp) -> Result<Claims, Refused> {
        if token.len() > MAX_LENGTH {
            return Err(Refused::TooLong);
        }
        es256::install();
        let header = decode_header(token).map_err(|_| Refused::Malformed)?;
        // `crit` names extensions that must be understood; none is.
        if header.alg != Algorithm::ES256 || header.crit.is_some() {
            return Err(Refused::Malformed);
        }
        if header.kid.as_deref() != Some(key.key_id.as_str()) {
            return Err(Refused::OtherKey);
        }
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[self.issuer]);
        validation.set_audience(&[self.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub"]);
        // Time is the caller's, so the library's own clock stays out of it.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims =
            decode::<Claims>(token, &es256::decoding_key(key), &validation).map_err(|_| Refused::Signature)?.claims;
        let seconds = now.seconds();
        if claims.exp <= seconds {
            return Err(Refused::Expired);
        }
        let begins = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
        if begins > seconds.saturating_add(SKEW) {
            return Err(Refused::NotYet);
        }
        Ok(claims)
    }
}

/// A new access token.
pub(crate) async fn issue(
    env: &Env,
    user_id: &str,
    roles: &[Role],
    session_id: &str,
    now: Timestamp,
) -> Result<String, Failure> {
    let key = env.public_key().await?;
    let claims = Realm::of(&env.config).claims(user_id, roles, session_id, now);
    let message = message(&key.key_id, &claims)?;
    let signature = env.sign(message.as_bytes()).await?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// What is signed.
fn message(key_id: &str, claims: &Claims) -> Result<String, Failure> {
    let header = serde_json::json!({ "alg": "ES256", "typ": "JWT", "kid": key_id });
    let part = |json: String| URL_SAFE_NO_PAD.encode(json);
    let claims = serde_json::to_string(claims).map_err(Failure::poison)?;
    Ok(format!("{}.{}", part(header.to_string()), part(claims)))
}

/// The name of a role in tokens and contexts.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Agent => "agent",
        Role::Merchant => "merchant",
        Role::Operator => "operator",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::{Value, json};

    const SECONDS: i64 = 1_800_000_000;
    const REALM: Realm<'static> = Realm { issuer: "quoin", audience: "quoin-api" };

    /// A signing key as KMS would hold it.
    struct Signer {
        pair: EcdsaKeyPair,
        public: PublicKey,
    }

    impl Signer {
        fn new() -> Self {
            let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
            let point = pair.public_key().as_ref();
            let public = PublicKey { key_id: "key-1".into(), x: point[1..33].to_vec(), y: point[33..].to_vec() };
            Self { pair, public }
        }

        fn sign(&self, message: &str) -> String {
            let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }

        fn token(&self, header: &Value, claims: &Value) -> String {
            self.sign(&format!("{}.{}", encode(header), encode(claims)))
        }
    }

    fn encode(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(SECONDS * 1000)
    }

    fn header() -> Value {
        json!({ "alg": "ES256", "typ": "JWT", "kid": "key-1" })
    }

    fn claims() -> Value {
        json!({ "iss": "quoin", "aud": "quoin-api", "sub": "user_1", "roles": ["user"], "sid": "ses_1",
            "iat": SECONDS, "exp": SECONDS + LIFETIME })
    }

    fn with(mut value: Value, name: &str, member: Value) -> Value {
        value[name] = member;
        value
    }

    fn without(mut value: Value, name: &str) -> Value {
        value.as_object_mut().unwrap().remove(name);
        value
    }

    #[test]
    fn an_issued_token_verifies() {
        let signer = Signer::new();
        let claims = REALM.claims("user_1", &[Role::User, Role::Operator], "ses_1", now());
        let token = signer.sign(&message("key-1", &claims).unwrap());
        assert_eq!(REALM.verify(&token, &signer.public, now()), Ok(claims.clone()));
        let last = Timestamp::from_millis((SECONDS + LIFETIME) * 1000 - 1);
        assert_eq!(REALM.verify(&token, &signer.public, last), Ok(claims));
    }

    #[test]
    fn time_is_the_callers() {
        let signer = Signer::new();
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let token = signer.token(&header(), &claims());
        assert_eq!(REALM.verify(&token, &signer.public, at(SECONDS + LIFETIME)), Err(Refused::Expired));
        assert_eq!(REALM.verify(&token, &signer.public, at(SECONDS - SKEW - 1)), Err(Refused::NotYet));
        let later = signer.token(&header(), &with(claims(), "nbf", json!(SECONDS + SKEW + 1)));
        assert_eq!(REALM.verify(&later, &signer.public, now()), Err(Refused::NotYet));
    }

    #[test]
    fn claims_of_another_realm_or_shape_are_refused() {
        let signer = Signer::new();
        for wrong in [
            with(claims(), "iss", json!("other")),
            with(claims(), "iss", json!(["quoin", "other"])),
            with(claims(), "aud", json!("other")),
            with(claims(), "exp", json!("9999999999")),
            with(claims(), "exp", json!(1e30)),
            with(claims(), "exp", json!(SECONDS)),
            with(claims(), "exp", Value::Null),
            with(claims(), "roles", json!(["root"])),
            with(claims(), "roles", json!("operator")),
            with(claims(), "sub", json!(7)),
            without(claims(), "iss"),
            without(claims(), "aud"),
            without(claims(), "sub"),
            without(claims(), "exp"),
            without(claims(), "sid"),
            json!([]),
            json!(null),
        ] {
            let token = signer.token(&header(), &wrong);
            assert!(REALM.verify(&token, &signer.public, now()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_token_does_not_choose_how_it_is_verified() {
        let signer = Signer::new();
        let wrong_headers = [
            with(header(), "alg", json!("none")),
            with(header(), "alg", json!("NONE")),
            with(header(), "alg", json!("HS256")),
            with(header(), "alg", json!("ES384")),
            with(header(), "alg", json!("RS256")),
            with(header(), "alg", json!(["ES256"])),
            with(header(), "kid", json!("key-2")),
            with(header(), "kid", json!("../key-1")),
            with(header(), "crit", json!(["exp"])),
            without(header(), "kid"),
            without(header(), "alg"),
        ];
        for wrong in &wrong_headers {
            let token = signer.token(wrong, &claims());
            assert!(REALM.verify(&token, &signer.public, now()).is_err(), "{wrong}");
            let message = format!("{}.{}", encode(wrong), encode(&claims()));
            assert!(REALM.verify(&format!("{message}."), &signer.public, now()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_public_key_is_no_shared_secret() {
        let signer = Signer::new();
        let message = format!("{}.{}", encode(&with(header(), "alg", json!("HS256"))), encode(&claims()));
        let point = [&[0x04], signer.public.x.as_slice(), signer.public.y.as_slice()].concat();
        for secret in [point.as_slice(), signer.public.x.as_slice(), b"key-1", b""] {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
            let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes()));
            assert!(REALM.verify(&format!("{message}.{tag}"), &signer.public, now()).is_err());
        }
    }

    #[test]
    fn another_key_of_the_same_name_signs_nothing() {
        let (signer, other) = (Signer::new(), Signer::new());
        let token = other.token(&header(), &claims());
        assert_eq!(REALM.verify(&token, &signer.public, now()), Err(Refused::Signature));
        let header = with(
            header(),
            "jwk",
            json!({ "kty": "EC", "crv": "P-256",
            "x": URL_SAFE_NO_PAD.encode(&other.public.x), "y": URL_SAFE_NO_PAD.encode(&other.public.y) }),
        );
        assert!(REALM.verify(&other.token(&header, &claims()), &signer.public, now()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_changed_byte_opens_nothing(place in any::<prop::sample::Index>(), byte in any::<char>()) {
            let signer = Signer::new();
            let token = signer.token(&header(), &claims());
            let mut letters: Vec<char> = token.chars().collect();
            let place = place.index(letters.len());
            prop_assume!(letters[place] != byte);
            letters[place] = byte;
            let changed: String = letters.into_iter().collect();
            prop_assert!(REALM.verify(&changed, &signer.public, now()).is_err());
        }

        #[test]
        fn a_token_cut_or_lengthened_opens_nothing(cut in any::<prop::sample::Index>(), more in "[A-Za-z0-9_.=-]{1,8}") {
            let signer = Signer::new();
            let token = signer.token(&header(), &claims());
            let head: String = token.chars().take(cut.index(token.len())).collect();
            let lengthened = format!("{token}{more}");
            prop_assert!(REALM.verify(&head, &signer.public, now()).is_err());
            prop_assert!(REALM.verify(&lengthened, &signer.public, now()).is_err());
        }

        #[test]
        fn parts_of_two_tokens_make_no_third(sub in "[a-z]{1,9}") {
            let signer = Signer::new();
            let first = signer.token(&header(), &claims());
            let second = signer.token(&header(), &with(claims(), "sub", json!(sub)));
            let (first, second): (Vec<_>, Vec<_>) = (first.split('.').collect(), second.split('.').collect());
            prop_assume!(first[1] != second[1]);
            let mixed = [first[0], second[1], first[2]].join(".");
            prop_assert!(REALM.verify(&mixed, &signer.public, now()).is_err());
        }

        #[test]
        fn no_text_is_a_token_or_a_panic(text in any::<String>(), parts in prop::collection::vec(any::<Vec<u8>>(), 0..5)) {
            let public = PublicKey { key_id: "key-1".into(), x: vec![0; 32], y: vec![0; 32] };
            let encoded: Vec<_> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
            prop_assert!(REALM.verify(&text, &public, now()).is_err());
            prop_assert!(REALM.verify(&encoded.join("."), &public, now()).is_err());
        }
    }
}
