//! `GET /api/bonuses/me`: what the caller was granted, newest first.

use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::Query;

use crate::bonus::Bonus;
use crate::table;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's bonuses, newest first").lists::<Bonus>()
}

/// Answers with a page of the caller's bonuses.
///
/// # Errors
/// 400 for a limit or cursor that is not one, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let pk = table::bonuses(&request.caller()?.user_id);
    let pages = request.pages(&pk)?;
    let query = Query::of(pk).descending().limit(pages.limit).after(pages.after);
    let page = env.store.query(table::name(env)?, query).await?;
    let items = page.items.iter().map(Bonus::read).collect::<Result<Vec<_>, _>>()?;
    Response::json(200, &Pages::body(items, page.next.as_ref()))
}
