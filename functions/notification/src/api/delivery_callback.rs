//! `POST /api/notifications/callbacks/{provider}`: what became of a message, signed by the provider.

use quoin_runtime::{Env, Problem, Request, Response, verify_webhook};
use quoin_store::StoreError;
use serde::Deserialize;

use crate::notice::{Notice, Receipt, Standing, code};
use crate::record::{follow, record};
use crate::reference::Reference;
use crate::table;

/// A delivery receipt; members that are not known are the provider's own.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DeliveryReceipt {
    /// The provider's own id of the message; required without `notification_id`.
    message_id: Option<String>,
    /// The key that the message was sent with.
    notification_id: Option<String>,
    /// What became of it.
    status: DeliveryStatus,
    /// Why it could not be delivered.
    reason: Option<String>,
}

/// What the provider says.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum DeliveryStatus {
    /// It has arrived.
    Delivered,
    /// It has not and will not.
    Failed,
}

impl DeliveryReceipt {
    fn receipt(&self) -> Receipt {
        match self.status {
            DeliveryStatus::Delivered => Receipt::Delivered,
            DeliveryStatus::Failed => {
                Receipt::Failed(code(self.reason.as_deref()).unwrap_or_else(|| "undelivered".to_owned()))
            }
        }
    }
}

/// How often a receipt is recorded anew because somebody else wrote first.
const TRIES: usize = 4;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What became of a message, signed by the provider")
        .signed()
        .takes::<DeliveryReceipt>()
        .answers_nothing(204)
        .refuses(400, &["MESSAGE_MISSING"])
}

/// Records a delivery receipt on its notice; a repetition changes nothing.
///
/// # Errors
/// 401 for a signature that does not fit, 400 for a body that is not a receipt, 404 for a message that is not ours.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let provider = request.path("provider")?;
    let secret = env.webhook_secret("sms").await?;
    if let Err(error) = verify_webhook(&secret, &request.headers, &request.body, request.context.now) {
        tracing::warn!(provider, reason = %error, "a delivery receipt was not believed");
        return Err(Problem::new(401, "SIGNATURE_INVALID", "the callback is not signed as agreed"));
    }
    let body: DeliveryReceipt = request.json()?;
    let reference = reference(env, &body).await?;
    let receipt = body.receipt();
    let provider_id = body.message_id.as_deref().unwrap_or(&reference.notification_id);
    let (table, origin) = (table::name(env)?, &request.context.origin);
    for _ in 0..TRIES {
        let head = env.store.head(&reference.stream()).await?;
        // The row is there before the message is sent, and so before anything can be told of it.
        let row = env.store.get(table, &reference.row(), true).await?;
        let notice = Notice::read(&reference, &row.ok_or_else(|| Problem::not_found("message"))?)?;
        let standing = Standing::at(&head)?;
        let Some(change) = standing.received(&receipt, provider_id) else {
            follow(env, table, &reference, (head.version, standing.status)).await?;
            return Ok(Response::empty(204));
        };
        match record(env, table, origin, &notice, &change, (&head, request.context.now)).await {
            Ok(()) => return Ok(Response::empty(204)),
            Err(StoreError::Conflict | StoreError::Lost(_)) => {}
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

/// The notice that a receipt is about: by our own key, or by the provider's id.
async fn reference(env: &Env, body: &DeliveryReceipt) -> Result<Reference, Problem> {
    let unknown = || Problem::not_found("message");
    match (&body.notification_id, &body.message_id) {
        (Some(ours), _) => Reference::parse(ours).filter(|_| is_id(ours)).ok_or_else(unknown),
        (None, Some(theirs)) if is_id(theirs) => {
            let row = env.store.get(table::name(env)?, &table::message(theirs), true).await?;
            Reference::parse(row.ok_or_else(unknown)?.require_text("reference")?).ok_or_else(unknown)
        }
        (None, Some(_)) => Err(unknown()),
        (None, None) => {
            Err(Problem::field("MESSAGE_MISSING", "/message_id", "message_id or notification_id is required"))
        }
    }
}

fn is_id(text: &str) -> bool {
    (1..=255).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_prose_is_not_kept_as_the_reason() {
        let receipt = |reason: &str| {
            let body = format!(r#"{{"message_id":"m","status":"failed","reason":"{reason}","carrier":"x"}}"#);
            serde_json::from_str::<DeliveryReceipt>(&body).unwrap().receipt()
        };
        assert_eq!(receipt("unknown_subscriber"), Receipt::Failed("unknown_subscriber".to_owned()));
        assert_eq!(receipt("+49 170 1234567 does not exist"), Receipt::Failed("undelivered".to_owned()));
    }
}
