//! `GET /sandbox/payments/{id}`: what the provider says of a payment when it is asked.

use quoin_events::Timestamp;
use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Serialize;

use crate::access::{PAYMENT, admit};
use crate::requested::Requested;

/// What the provider says of a payment.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxPaymentStatus"))]
pub(crate) struct Told<'a> {
    /// The payment, as whoever asked for it calls it.
    payment_id: &'a str,
    /// `pending`, `succeeded` or `failed`.
    status: &'static str,
    /// How much.
    amount: Amount,
    /// As the provider calls it.
    provider_reference: &'a str,
}

impl<'a> Told<'a> {
    /// What is said of `requested` at `now`.
    pub(crate) fn of(requested: &'a Requested, now: Timestamp) -> Self {
        Self {
            payment_id: &requested.order.payment_id,
            status: requested.plan.status(now),
            amount: requested.order.amount,
            provider_reference: &requested.reference,
        }
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox provider; where a payment stands")
        .answers::<Told<'_>>(200)
        .refuses(401, &["UNAUTHENTICATED"])
}

/// Tells where a payment stands; a silent one stays pending.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, PAYMENT).await?;
    let found = Requested::find(env, env.config.table("sandbox")?, request.path("id")?).await?;
    let (requested, _) = found.ok_or_else(|| Problem::not_found("payment"))?;
    Response::json(200, &Told::of(&requested, request.context.now))
}
