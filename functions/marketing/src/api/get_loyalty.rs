//! `GET /api/loyalty/me`: the caller's points.

use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Serialize;

use crate::table;

/// A user's points.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct LoyaltyView {
    /// What is left of all that were given and taken back.
    points: Amount,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's loyalty points").answers::<LoyaltyView>(200)
}

/// Answers with the caller's points.
///
/// # Errors
/// 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let row = env.store.get(table::name(env)?, &table::loyalty(&caller.user_id), true).await?;
    // Points taken back are points that were given, so the sum is never negative.
    let points = row.as_ref().and_then(|row| row.get_digits("points")).and_then(|digits| digits.parse().ok());
    Response::json(200, &LoyaltyView { points: points.unwrap_or_default() })
}
