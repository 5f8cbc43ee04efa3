//! `GET /api/users/me`: the caller's profile.

use quoin_accounts::Account;
use quoin_runtime::{Env, Problem, Request, Response};

use crate::profile_view::ProfileView;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's profile").answers::<ProfileView>(200).refuses(404, &["NOT_FOUND"])
}

/// Answers with the caller's profile.
///
/// # Errors
/// 401, or 404 for a person who was erased.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let account = Account::load(env, &caller.user_id).await?.ok_or_else(|| Problem::not_found("user"))?;
    let key = env.data_key(&caller.user_id).await?.ok_or_else(|| Problem::not_found("user"))?;
    Response::json(200, &ProfileView::of(&account, &key, request.context.now)?)
}
