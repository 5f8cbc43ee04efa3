//! `GET /api/subscriptions/{id}`: a subscription, for the customer whose it is and for operators.

use quoin_runtime::{Env, Problem, Request, Response};
use quoin_views::{Entity, SubscriptionView, View, read_row};

use crate::access::{Standing, standing};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A subscription (its customer, operators)")
        .answers::<SubscriptionView>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with a subscription.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let entity = Entity { kind: "subscription".to_owned(), id: request.path("id")?.to_owned() };
    let table = env.config.table(View::Subscriptions.table())?;
    let row: Option<SubscriptionView> = read_row(&env.store, table, &entity).await?;
    let row = row.filter(|row| standing(caller, &row.user_id) != Standing::Stranger);
    Response::json(200, &row.ok_or_else(|| Problem::not_found("subscription"))?)
}
