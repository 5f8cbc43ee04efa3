//! `GET /api/clans/{id}`: a clan, open or not.

use quoin_runtime::{Env, Problem, Request, Response};

use super::view::{self, ClanView};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A clan").answers::<ClanView>(200).refuses(404, &["NOT_FOUND"])
}

/// Answers with the clan.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    Response::json(200, &ClanView::from(view::find(env, request.path("id")?).await?))
}
