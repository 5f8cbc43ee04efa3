//! `GET /api/gigs/{id}/priority`: what a gig's priority is made of.

use quoin_ranks::Row;
use quoin_runtime::{Env, Problem, Request, Response};

use crate::known::Known;
use crate::table::GIGS;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The priority of a gig, and which boosts count how much until when")
        .answers::<quoin_boosts::Standing>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with the boosts that count now.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let gig_id = request.path("id")?;
    let row = Row::<Known>::find(&env.store, env.config.table(GIGS)?, gig_id).await?;
    row.ok_or_else(|| Problem::not_found("gig"))?;
    Response::json(200, &quoin_boosting::standing::<Known>(env, gig_id).await?)
}
