//! `POST /api/payments/callbacks/{provider}`: what the provider says of a payment, once it is believed.

use quoin_money::Amount;
use quoin_runtime::{CommandError, Env, Problem, Request, Response, verify_webhook};
use quoin_store::ExecuteError;
use serde::Deserialize;

use crate::advance::{advance, find};
use crate::payment::{Payment, Report, Status};

/// What every callback has; providers send kinds that are not about us.
#[derive(Debug, Deserialize)]
struct Kind {
    r#type: String,
}

/// A callback about a payment. Of other kinds, which are taken and passed over, only `type` is read.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PaymentCallback"))]
struct Callback {
    /// `payment.succeeded` or `payment.failed`.
    #[expect(dead_code, reason = "read as the kind, before anything else")]
    r#type: String,
    /// Our id of the payment.
    payment_id: String,
    /// How much it is about; what was asked for.
    amount: Amount,
    /// The provider's own id of it.
    provider_reference: String,
}

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
    let secret = env.webhook_secret("payment").await?;
    verify_webhook(&secret, &request.headers, &request.body, request.context.now).map_err(|error| {
        tracing::warn!(reason = %error, "callback not believed");
        Problem::new(401, "SIGNATURE_INVALID", "the signature does not hold")
    })?;
    let succeeded = match request.json::<Kind>()?.r#type.as_str() {
        "payment.succeeded" => true,
        "payment.failed" => false,
        _ => return Ok(Response::empty(204)),
    };
    let callback: Callback = request.json()?;
    if !(1..=200).contains(&callback.payment_id.len()) {
        return Err(Problem::not_found("payment"));
    }
    if !is_reference(&callback.provider_reference) {
        let detail = "must be 1 to 200 printable characters";
        return Err(Problem::field("REFERENCE_INVALID", "/provider_reference", detail));
    }
    let found = find(env, &callback.payment_id).await?;
    let found = found.filter(|found| is_from(provider, &found.payment)).ok_or_else(|| Problem::not_found("payment"))?;
    if callback.amount != found.payment.amount {
        return Err(
            Problem::refused("AMOUNT_MISMATCH", "the payment has another amount").at("/amount", "must be equal")
        );
    }
    let report = if succeeded {
        Report::Succeeded { reference: callback.provider_reference }
    } else {
        Report::Failed { reference: Some(callback.provider_reference) }
    };
    match advance(env, &request.context, found, &report).await {
        Ok(_) => Ok(Response::empty(204)),
        Err(ExecuteError::Decide(error) | ExecuteError::Store(error)) => Err(error.into()),
        Err(ExecuteError::KeyReused | ExecuteError::Contended | ExecuteError::Blocked(_)) => {
            Err(CommandError::Contended.into())
        }
    }
}

/// What a provider calls a payment is kept, published and shown.
fn is_reference(text: &str) -> bool {
    (1..=200).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// A provider speaks of the payments that it was asked for.
fn is_from(provider: &str, payment: &Payment) -> bool {
    payment.provider == provider && payment.status != Status::Refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_short_and_printable() {
        for (text, good) in [("ref_1", true), ("Ref 1/é", true), ("", false), ("a\0", false), ("a\n", false)] {
            assert_eq!(is_reference(text), good, "{text}");
        }
        assert!(is_reference(&"r".repeat(200)) && !is_reference(&"r".repeat(201)));
    }
}
