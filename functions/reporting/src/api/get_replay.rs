//! `GET /api/replays/{id}`: how far a replay is.

use quoin_runtime::{Env, Problem, Request, Response, Role};

use super::replay_view::ReplayView;
use crate::replay::Replay;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("How far a replay is (operators)")
        .for_operators()
        .answers::<ReplayView<'_>>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with the replay.
///
/// # Errors
/// 401, 403, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let row = env.store.get(env.config.table("reporting")?, &Replay::key(request.path("id")?), true).await?;
    let replay = row.as_ref().map(Replay::read).transpose()?.ok_or_else(|| Problem::not_found("replay"))?;
    Response::json(200, &ReplayView::from(&replay))
}
