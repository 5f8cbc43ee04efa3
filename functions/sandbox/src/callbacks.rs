//! Callbacks that are due: signed, posted, and posted again until somebody takes them.

use quoin_events::{Cause, Origin};
use quoin_money::Amount;
use quoin_runtime::{Batch, Context, Delivery, Env, Failure, Message, OutboundRequest, Outcome, each, sign_webhook};
use quoin_store::derived_id;
use serde::{Deserialize, Serialize};

use crate::outcome::Verdict;
use crate::requested::Requested;

/// How long the other side may think.
const TIMEOUT_MS: u64 = 10_000;

/// A callback that waits in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackDue {
    /// The same for every sending of it.
    callback_id: String,
    callback_url: String,
    callback: Callback,
    request_id: String,
    traceparent: Option<String>,
}

/// What a payment provider calls back with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Callback {
    r#type: String,
    payment_id: String,
    amount: Amount,
    provider_reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl CallbackDue {
    /// The callback that tells of `verdict`.
    pub(crate) fn new(requested: &Requested, verdict: Verdict, context: &Context) -> Self {
        let (kind, reason) = match verdict {
            Verdict::Succeeded => ("payment.succeeded", None),
            Verdict::Failed => ("payment.failed", Some("declined".to_owned())),
        };
        Self {
            callback_id: derived_id("cb", &[&requested.order.payment_id, kind]),
            callback_url: requested.order.callback_url.clone(),
            callback: Callback {
                r#type: kind.to_owned(),
                payment_id: requested.order.payment_id.clone(),
                amount: requested.order.amount,
                provider_reference: requested.reference.clone(),
                reason,
            },
            request_id: context.request_id().to_owned(),
            traceparent: context.origin.traceparent.clone(),
        }
    }
}

impl Message for CallbackDue {
    fn origin(&self) -> Origin {
        Origin { request_id: self.request_id.clone(), traceparent: self.traceparent.clone(), cause: Cause::Request }
    }

    fn label(&self) -> &str {
        &self.callback.r#type
    }
}

/// Posts the callbacks of a batch.
pub async fn handle(env: &Env, batch: &Batch<CallbackDue>) -> Vec<Result<Outcome, Failure>> {
    each(env, batch, async |env, delivery| Box::pin(post(env, delivery)).await).await
}

async fn post(env: &Env, delivery: &Delivery<CallbackDue>) -> Result<Outcome, Failure> {
    let due = &delivery.message;
    let body = serde_json::to_vec(&due.callback).map_err(Failure::poison)?;
    let secret = env.webhook_secret("payment").await?;
    // Signed at each sending: the receiver believes a signature for minutes only.
    let mut headers = sign_webhook(&secret, &due.callback_id, env.clock.now(), &body).map_err(Failure::transient)?;
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    headers.push(("x-request-id".to_owned(), due.request_id.clone()));
    headers.extend(due.traceparent.clone().map(|value| ("traceparent".to_owned(), value)));
    let request =
        OutboundRequest { method: "POST", url: due.callback_url.clone(), headers, body, timeout_ms: TIMEOUT_MS };
    let reply = env.call(request).await.map_err(Failure::transient)?;
    if (200..300).contains(&reply.status) {
        Ok(Outcome::Applied)
    } else {
        Err(Failure::Transient(format!("the callback was answered {}", reply.status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_says_what_providers_say() {
        let callback = Callback {
            r#type: "payment.succeeded".to_owned(),
            payment_id: "pay_1".to_owned(),
            amount: "450.10".parse().unwrap(),
            provider_reference: "sbx_1".to_owned(),
            reason: None,
        };
        assert_eq!(
            serde_json::to_string(&callback).unwrap(),
            r#"{"type":"payment.succeeded","payment_id":"pay_1","amount":450.1,"provider_reference":"sbx_1"}"#
        );
    }
}
