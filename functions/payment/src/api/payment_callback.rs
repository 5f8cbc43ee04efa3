//! `POST /api/payments/callbacks/{provider}`: what the provider says of a payment, once it is believed.

#[cfg(feature = "schema")]
use quoin_payments::Callback;
use quoin_payments::believed;
use quoin_runtime::{CommandError, Env, Problem, Request, Response};
use quoin_store::ExecuteError;

use crate::advance::{advance, find};
use crate::payment::{Payment, Status};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What became of a payment, signed by the provider")
        .signed()
        .takes::<Callback>()
        .answers_nothing(204)
        .refuses(400, &["REFERENCE_INVALID"])
        .refuses(422, &["AMOUNT_MISMATCH"])
}

/// Takes over what a provider says.
///
/// # Errors
/// 401 for a signature that does not hold, 400, 404, 422 for another amount, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let provider = request.path("provider")?;
    let Some(callback) = believed(env, request).await? else { return Ok(Response::empty(204)) };
    let found = find(env, &callback.payment_id).await?;
    let found = found.filter(|found| is_from(provider, &found.state)).ok_or_else(|| Problem::not_found("payment"))?;
    callback.of_amount(found.state.amount)?;
    let report = callback.decision().into();
    match advance(env, &request.context, found, &report).await {
        Ok(_) => Ok(Response::empty(204)),
        Err(ExecuteError::Decide(error) | ExecuteError::Store(error)) => Err(error.into()),
        Err(ExecuteError::KeyReused | ExecuteError::Contended | ExecuteError::Blocked(_)) => {
            Err(CommandError::Contended.into())
        }
    }
}

/// A provider speaks of the payments that it was asked for.
fn is_from(provider: &str, payment: &Payment) -> bool {
    payment.provider == provider && payment.status != Status::Refused
}
