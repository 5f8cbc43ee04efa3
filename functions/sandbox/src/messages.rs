//! `POST /sandbox/messages`: takes a text, an e-mail or a push message, and keeps it for the inbox.

use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Commit, Item, Key, Lost, StoreError, body_hash, derived_id};
use serde::{Deserialize, Serialize};

use crate::access::{NOTIFICATION, admit};
use crate::behaviour::{Party, switched_failure};
use crate::requested::KEEP_SECONDS;

/// The most bytes of an address; the longest e-mail address has as many.
pub(crate) const MAX_RECIPIENT: usize = 320;

/// How a message reaches a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxChannel"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    /// Text message.
    Sms,
    /// Electronic mail.
    Email,
    /// Push message.
    Push,
}

impl Channel {
    const fn party(self) -> Party {
        match self {
            Self::Sms => Party::Sms,
            Self::Email => Party::Email,
            Self::Push => Party::Push,
        }
    }
}

/// What is asked of a message provider; more than that is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxLetter"))]
pub(crate) struct Letter {
    /// Over what.
    channel: Channel,
    /// A phone number, an address or a device; 1 to 320 bytes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 320)))]
    to: String,
    /// Of an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What it says.
    text: String,
}

/// A message that is taken.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxMessageTaken"))]
struct Taken<'a> {
    /// The provider's id of it.
    message_id: &'a str,
}

/// The partition of the messages to one recipient.
pub(crate) fn inbox(to: &str) -> String {
    format!("to#{to}")
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox provider; takes a message, or fails as switched")
        .takes::<Letter>()
        .answers::<Taken<'_>>(202)
        .refuses(400, &["RECIPIENT_INVALID", "IDEMPOTENCY_KEY_INVALID"])
        .refuses(401, &["UNAUTHENTICATED"])
        .refuses(422, &["IDEMPOTENCY_KEY_REUSED"])
        .refuses(503, &["SANDBOX_FAILURE"])
}

/// Takes a message.
///
/// # Errors
/// 400, 401, 422 for a key that was used for another message, 503, or the failure that is switched on.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, NOTIFICATION).await?;
    let letter: Letter = request.json()?;
    if !(1..=MAX_RECIPIENT).contains(&letter.to.len()) {
        return Err(Problem::field("RECIPIENT_INVALID", "/to", "must be 1 to 320 bytes"));
    }
    // Without a key every message is a new one.
    let key = match request.header("idempotency-key") {
        Some(_) => request.idempotency_key()?.to_owned(),
        None => format!("{:032x}", env.clock.random_u128()),
    };
    let (hash, message_id) = (body_hash(&letter)?, derived_id("msg", &[&key]));
    let table = env.config.table("sandbox")?;
    let seen = Key::new(format!("message#{message_id}"), "request");
    let before = env.store.get(table, &seen, true).await?;
    let before = match before {
        Some(before) => Some(before),
        None => match switched_failure(env, letter.channel.party()).await? {
            Some(failure) => return Err(failure),
            None => keep(env, request, table, (&seen, &message_id), (&letter, &hash)).await?,
        },
    };
    if before.is_some_and(|before| before.get_text("hash") != Some(hash.as_str())) {
        return Err(Problem::refused("IDEMPOTENCY_KEY_REUSED", "the key was used for another message"));
    }
    Response::json(202, &Taken { message_id: &message_id })
}

/// Writes the message into its recipient's inbox once, or gives back who came first.
async fn keep(
    env: &Env,
    request: &Request,
    table: &str,
    (seen, message_id): (&Key, &str),
    (letter, hash): (&Letter, &str),
) -> Result<Option<Item>, Problem> {
    let now = request.context.now;
    let expires = now.plus_seconds(KEEP_SECONDS).seconds();
    let once = Item::new().text("pk", &*seen.pk).text("sk", &*seen.sk).text("hash", hash).number("expires", expires);
    let message = Item::new()
        .text("pk", inbox(&letter.to))
        .text("sk", format!("{now}#{message_id}"))
        .text("message_id", message_id)
        .text("at", now.to_string())
        .json("letter", letter)?
        .number("expires", expires);
    let commit = Commit::new().put_new(table, once).put(table, message);
    match env.store.commit(commit, &request.context.origin).await {
        Ok(()) => Ok(None),
        Err(StoreError::Lost(lost)) => match *lost {
            Lost::Other { current, .. } => Ok(current),
            Lost::Append { .. } | Lost::Wallet(_) => Err(StoreError::Conflict.into()),
        },
        Err(error) => Err(error.into()),
    }
}
