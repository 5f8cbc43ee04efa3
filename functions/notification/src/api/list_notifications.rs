//! `GET /api/notifications`: what the caller was told, newest first.

use quoin_runtime::{DataKey, Env, Pages, Problem, Request, Response};
use quoin_store::{Item, Query};
use serde::Serialize;

use crate::table;

/// A notice as its reader sees it.
#[derive(Serialize)]
struct NoticeView {
    notification_id: String,
    channel: String,
    status: String,
    template: String,
    language: String,
    about_event: String,
    about_event_id: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Absent once the person's key is destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
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
    let items: Vec<_> = page.items.iter().filter_map(|row| view(row, key.as_ref())).collect();
    Response::json(200, &Pages::body(items, page.next.as_ref()))
}

fn view(row: &Item, key: Option<&DataKey>) -> Option<NoticeView> {
    let text = |name: &str| row.get_text(name).map(str::to_owned);
    let open = |name: &str| {
        let sealed = row.get_text(name)?.parse().ok()?;
        key?.open(&sealed).ok().map(|opened| opened.reveal().to_owned())
    };
    Some(NoticeView {
        notification_id: text("notification_id")?,
        channel: text("channel")?,
        status: text("status")?,
        template: text("template")?,
        language: text("language")?,
        about_event: text("about_event")?,
        about_event_id: text("about_event_id")?,
        created_at: text("created_at")?,
        subject: open("subject"),
        text: open("text"),
    })
}
