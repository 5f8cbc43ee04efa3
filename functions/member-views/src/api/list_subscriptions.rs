//! `GET /api/subscriptions`: the caller's own subscriptions, newest first.

use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::Key;
use quoin_views::{SubscriptionView, View, rows_of_user};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's own subscriptions, newest first").lists::<SubscriptionView>()
}

/// Answers with a page of the caller's subscriptions.
///
/// # Errors
/// 400 for a limit or cursor that is none, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = &request.caller()?.user_id;
    // A cursor knows nothing of generations: it goes on being one when the view is built again.
    let pages = request.pages(user_id)?;
    let table = env.config.table(View::Subscriptions.table())?;
    let after = pages.after.map(|key| key.sk);
    let (rows, next): (Vec<SubscriptionView>, _) = rows_of_user(&env.store, table, user_id, pages.limit, after).await?;
    Response::json(200, &Pages::body(rows, next.map(|sk| Key::new(user_id, sk)).as_ref()))
}
