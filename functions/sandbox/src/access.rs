//! The credential: a bearer token. Each party that the sandbox stands in for is shown one of its own, and whoever looks
//! into the sandbox or sets its behaviour has another one.

use quoin_runtime::{Env, Problem, Request};
use subtle::ConstantTimeEq;

/// What the platform shows the payment provider.
pub(crate) const PAYMENT: &str = "payment_credential";
/// What it shows the provider of messages.
pub(crate) const NOTIFICATION: &str = "notification_credential";
/// What it shows merchants.
pub(crate) const MERCHANT: &str = "merchant_credential";
/// What testers show the sandbox.
pub(crate) const SANDBOX: &str = "sandbox";

/// Lets only those pass who show the credential, which is the secret `name`.
pub(crate) async fn admit(env: &Env, request: &Request, name: &str) -> Result<(), Problem> {
    let expected = env.secret(name).await?;
    let given = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        Ok(())
    } else {
        Err(Problem::new(401, "UNAUTHENTICATED", "the credential of this route is required as a bearer token"))
    }
}
