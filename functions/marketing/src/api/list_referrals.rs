//! `GET /api/referrals/me`: whom the caller brought and what it earned, newest first.

use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::Query;

use crate::referral::ReferralView;
use crate::table;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Whom the caller brought, newest first").lists::<ReferralView>()
}

/// Answers with a page of the caller's referrals.
///
/// # Errors
/// 400 for a limit or cursor that is not one, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let pk = table::referrals(&request.caller()?.user_id);
    let pages = request.pages(&pk)?;
    let query = Query::of(pk).descending().limit(pages.limit).after(pages.after);
    let page = env.store.query(table::name(env)?, query).await?;
    let items = page.items.iter().map(ReferralView::read).collect::<Result<Vec<_>, _>>()?;
    Response::json(200, &Pages::body(items, page.next.as_ref()))
}
