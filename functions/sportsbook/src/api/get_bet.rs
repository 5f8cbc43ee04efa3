//! `GET /api/bets/{id}`: a bet as its stream knows it.

use quoin_runtime::{Env, Problem, Request, Response};

use crate::bet::Bet;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("One of the caller's bets").answers::<Bet>(200)
}

/// Answers with the caller's bet.
///
/// # Errors
/// 401, 404 (also for another user's bet, or one that was refused) or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let head = env.store.head(&Bet::stream(request.path("id")?)).await?;
    let bet = head.state.and_then(|state| serde_json::from_str::<Bet>(&state).ok());
    match bet {
        Some(bet) if bet.user_id == caller.user_id => Response::json(200, &bet),
        Some(_) | None => Err(Problem::not_found("bet")),
    }
}
