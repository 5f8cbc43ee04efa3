//! `POST /api/charges/callbacks/{provider}`: what the provider says of a subscription's payment, once it is believed.

#[cfg(feature = "schema")]
use quoin_payments::Callback;
use quoin_payments::believed;
use quoin_runtime::{CommandError, Env, Problem, Request, Response};
use quoin_store::ExecuteError;

use crate::settle::{find_charge, settle};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What became of a subscription's payment, signed by the provider")
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
    let charge = find_charge(env, &callback.payment_id).await?.map(|found| found.state);
    let charge = charge.filter(|charge| charge.provider == provider).ok_or_else(|| Problem::not_found("payment"))?;
    callback.of_amount(charge.quote.amount)?;
    match settle(env, &request.context, &charge, &callback.decision().into()).await {
        Ok(_) => Ok(Response::empty(204)),
        Err(ExecuteError::Decide(error) | ExecuteError::Store(error)) => Err(error.into()),
        Err(ExecuteError::KeyReused | ExecuteError::Contended | ExecuteError::Blocked(_)) => {
            Err(CommandError::Contended.into())
        }
    }
}
