//! What a provider calls back with, once it is believed.

use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, verify_webhook};
use serde::Deserialize;

use crate::provider::Decision;

/// What every callback has; providers send kinds that are not about us.
#[derive(Debug, Deserialize)]
struct Kind {
    r#type: String,
}

/// A callback about a payment. Of other kinds, which are taken and passed over, only `type` is read.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PaymentCallback"))]
pub struct Callback {
    /// `payment.succeeded` or `payment.failed`.
    r#type: String,
    /// Our id of the payment.
    pub payment_id: String,
    /// How much it is about; what was asked for.
    pub amount: Amount,
    /// The provider's own id of it.
    pub provider_reference: String,
}

impl Callback {
    /// What the provider has decided.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let reference = self.provider_reference.clone();
        if self.r#type == SUCCEEDED {
            Decision::Succeeded { reference }
        } else {
            Decision::Failed { reference: Some(reference) }
        }
    }

    /// Holds it against the payment that it is about.
    ///
    /// # Errors
    /// 422 for another sum than was asked for.
    pub fn of_amount(&self, amount: Amount) -> Result<(), Problem> {
        if self.amount == amount {
            return Ok(());
        }
        Err(Problem::refused("AMOUNT_MISMATCH", "the payment has another amount").at("/amount", "must be equal"))
    }
}

const SUCCEEDED: &str = "payment.succeeded";
const FAILED: &str = "payment.failed";

/// The callback in `request`, if its signature holds; none if it is of a kind that is not about us.
///
/// # Errors
/// 401 for a signature that does not hold, 400 for what cannot be read, 404 for an id that no payment has.
pub async fn believed(env: &Env, request: &Request) -> Result<Option<Callback>, Problem> {
    let secret = env.webhook_secret("payment").await?;
    verify_webhook(&secret, &request.headers, &request.body, request.context.now).map_err(|error| {
        tracing::warn!(reason = %error, "callback not believed");
        Problem::new(401, "SIGNATURE_INVALID", "the signature does not hold")
    })?;
    if ![SUCCEEDED, FAILED].contains(&request.json::<Kind>()?.r#type.as_str()) {
        return Ok(None);
    }
    let callback: Callback = request.json()?;
    if !(1..=200).contains(&callback.payment_id.len()) {
        return Err(Problem::not_found("payment"));
    }
    if !is_reference(&callback.provider_reference) {
        let detail = "must be 1 to 200 printable characters";
        return Err(Problem::field("REFERENCE_INVALID", "/provider_reference", detail));
    }
    Ok(Some(callback))
}

/// What a provider calls a payment is kept, published and shown.
fn is_reference(text: &str) -> bool {
    (1..=200).contains(&text.len()) && !text.chars().any(char::is_control)
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
