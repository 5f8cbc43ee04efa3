//! The credential: a bearer token that is the secret `sandbox`.

use quoin_runtime::{Env, Problem, Request};
use subtle::ConstantTimeEq;

/// Lets only those pass who show the credential.
pub(crate) async fn admit(env: &Env, request: &Request) -> Result<(), Problem> {
    let expected = env.secret("sandbox").await?;
    let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        Ok(())
    } else {
        Err(Problem::new(401, "UNAUTHENTICATED", "the sandbox's credential is required as a bearer token"))
    }
}
