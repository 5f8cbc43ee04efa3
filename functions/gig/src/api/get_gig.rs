//! `GET /api/gigs/{id}`: a gig, open or not.

use quoin_ranks::Row;
use quoin_runtime::{Env, Problem, Request, Response};

use super::view::GigView;
use crate::known::Known;
use crate::table::GIGS;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A gig").answers::<GigView>(200).refuses(404, &["NOT_FOUND"])
}

/// Answers with the gig.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let row = Row::<Known>::find(&env.store, env.config.table(GIGS)?, request.path("id")?).await?;
    Response::json(200, &GigView::from(row.ok_or_else(|| Problem::not_found("gig"))?))
}
