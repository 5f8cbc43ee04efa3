//! `GET /api/notifications`: what the caller was told, by when it happened, newest first.

use quoin_events::Timestamp;
use quoin_events::types::Channel;
use quoin_runtime::{DataKey, Env, Pages, Problem, Request, Response};
use quoin_store::{Item, Query};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::notice::Status;
use crate::table;

/// A notice as its reader sees it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct NoticeView {
    /// The message.
    notification_id: String,
    /// Over what it was sent.
    channel: Channel,
    /// How far it is.
    status: Status,
    /// The template it was made from.
    template: String,
    /// The language it was written in.
    language: String,
    /// The event it tells about.
    about_event: String,
    /// That event's id.
    about_event_id: String,
    /// When it was written.
    created_at: Timestamp,
    /// Of an e-mail; absent once the person's key is destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// What it says; absent once the person's key is destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What the caller was told, by when it happened, newest first").lists::<NoticeView>()
}

/// Answers with a page of what the caller was told.
///
/// # Errors
/// 400 for a limit or cursor that is not one, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let pk = table::notices(&caller.user_id);
    let pages = request.pages(&pk)?;
    let query = Query::of(pk).descending().limit(pages.limit).after(pages.after);
    let page = env.store.query(table::name(env)?, query).await?;
    let key = env.data_key(&caller.user_id).await?;
    let items = page.items.iter().map(|row| view(row, key.as_ref())).collect::<Result<Vec<_>, _>>()?;
    Response::json(200, &Pages::body(items, page.next.as_ref()))
}

/// The attribute `name`, as it goes over the wire.
fn read<T: DeserializeOwned>(row: &Item, name: &str) -> Result<T, Problem> {
    Ok(serde_json::from_value(row.require_text(name)?.into())?)
}

fn view(row: &Item, key: Option<&DataKey>) -> Result<NoticeView, Problem> {
    let text = |name: &str| row.require_text(name).map(str::to_owned);
    let open = |name: &str| {
        let sealed = row.get_text(name)?.parse().ok()?;
        key?.open(&sealed).ok().map(|opened| opened.reveal().to_owned())
    };
    Ok(NoticeView {
        notification_id: text("notification_id")?,
        channel: read(row, "channel")?,
        status: read(row, "status")?,
        template: text("template")?,
        language: text("language")?,
        about_event: text("about_event")?,
        about_event_id: text("about_event_id")?,
        created_at: read(row, "created_at")?,
        subject: open("subject"),
        text: open("text"),
    })
}
