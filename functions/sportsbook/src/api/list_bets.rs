//! `GET /api/bets`: the caller's bets, newest first.

use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::Query;

use crate::bet::Bet;
use crate::table::{self, TABLE};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's bets, newest first").lists::<Bet>()
}

/// Answers with a page of the caller's bets.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let pk = table::bets_pk(&request.caller()?.user_id);
    let pages = request.pages(&pk)?;
    let query = Query::of(pk).descending().limit(pages.limit).after(pages.after);
    let page = env.store.query(env.config.table(TABLE)?, query).await?;
    let bets = page.items.iter().map(|item| item.require_json::<Bet>("bet")).collect::<Result<Vec<_>, _>>()?;
    Response::json(200, &Pages::body(bets, page.next.as_ref()))
}
