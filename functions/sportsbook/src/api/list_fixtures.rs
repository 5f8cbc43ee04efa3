//! `GET /api/fixtures`: the sport events of the feed.

use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::{Item, Query};
use serde::Serialize;

use crate::table::TABLE;

/// A line of the list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FixtureLine"))]
struct Fixture {
    /// URN of the sport event, `sr:match:1234`.
    event_id: String,
    /// When it begins, if the feed has told.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<quoin_events::Timestamp>,
}

impl From<&Item> for Fixture {
    fn from(item: &Item) -> Self {
        let start_time = item.get_number("start_time").map(quoin_events::Timestamp::from_millis);
        Self { event_id: item.get_text("event_id").unwrap_or_default().to_owned(), start_time }
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The sport events of the feed").lists::<Fixture>()
}

/// Answers with a page of fixtures.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let pages = request.pages("fixtures")?;
    let query = Query::of("fixtures").limit(pages.limit).after(pages.after);
    let page = env.store.query(env.config.table(TABLE)?, query).await?;
    let items: Vec<_> = page.items.iter().map(Fixture::from).collect();
    Response::json(200, &Pages::body(items, page.next.as_ref()))
}
