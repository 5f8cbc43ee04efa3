//! `GET /api/merchants/{id}`: a merchant; who manages it is told to its managers and to operators.

use quoin_runtime::{Env, Problem, Request, Response};

use crate::catalogue::Merchant;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A merchant").answers::<Merchant>(200).refuses(404, &["NOT_FOUND"])
}

/// Answers with the merchant.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::json(200, &Merchant::load(env, request.path("id")?).await?.seen_by(caller))
}
