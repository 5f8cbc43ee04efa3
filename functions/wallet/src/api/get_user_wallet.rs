//! `GET /api/wallets/{user_id}`: any wallet, for operators.

use quoin_runtime::{Env, Problem, Request, Response, Role};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    super::get_wallet::shown(
        quoin_runtime::Contract::new("A user's wallet, now or as of a moment (operators)").for_operators(),
    )
}

/// Answers with a wallet.
///
/// # Errors
/// 400, 401, 403, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    super::get_wallet::answer(env, request, request.path("user_id")?).await
}
