//! `GET /sandbox/messages?to=…`: what a recipient was sent, newest first.

use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::{Item, Query, StoreError};
use serde::{Deserialize, Serialize};

use crate::access::{SANDBOX, admit};
use crate::messages::{Letter, MAX_RECIPIENT, inbox};

/// Whose inbox.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxRecipient"))]
struct Recipient {
    /// A phone number, an address or a device.
    #[cfg_attr(feature = "schema", schemars(required))]
    to: Option<String>,
}

/// A message that was taken.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxReceived"))]
struct Received {
    /// The provider's id of it.
    message_id: String,
    /// When it came.
    at: String,
    #[serde(flatten)]
    letter: Letter,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox provider; the messages to one recipient, newest first")
        .asks::<Recipient>("RECIPIENT_INVALID")
        .lists::<Received>()
        .refuses(401, &["UNAUTHENTICATED"])
}

/// Lists the messages to one recipient.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, SANDBOX).await?;
    let asked: Recipient = request.parameters("RECIPIENT_INVALID")?;
    let to = asked.to.filter(|to| to.len() <= MAX_RECIPIENT);
    let to = to.ok_or_else(|| Problem::field("RECIPIENT_INVALID", "/to", "must be 1 to 320 bytes"))?;
    let pk = inbox(&to);
    let pages = request.pages(&pk)?;
    let query = Query::of(pk).descending().limit(pages.limit).after(pages.after).consistent();
    let page = env.store.query(env.config.table("sandbox")?, query).await?;
    let items = page.items.iter().map(received).collect::<Result<Vec<_>, StoreError>>()?;
    Response::json(200, &Pages::body(items, page.next.as_ref()))
}

fn received(row: &Item) -> Result<Received, StoreError> {
    Ok(Received {
        message_id: row.require_text("message_id")?.to_owned(),
        at: row.require_text("at")?.to_owned(),
        letter: row.require_json("letter")?,
    })
}
