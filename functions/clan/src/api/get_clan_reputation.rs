//! `GET /api/clans/{id}/reputation`: what a clan's reputation is made of.

use quoin_boosts::{Counted, Standing};
use quoin_events::Timestamp;
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Serialize;

use super::view;
use crate::known::Known;

/// What a clan's reputation is made of.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Reputation {
    /// What it comes to: contributions, and what each boost counts.
    score: u64,
    /// At which moment.
    as_of: Timestamp,
    /// Credits that the clan was given, in all; they count for good.
    contributed: u64,
    /// Each boost that counts, what ends soonest first.
    boosts: Vec<Counted>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The reputation of a clan: what it was given, and which boosts count until when")
        .answers::<Reputation>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with what counts now.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let clan_id = request.path("id")?;
    let contributed = view::find(env, clan_id).await?.entity.contributed;
    let Standing { score, as_of, boosts } = quoin_boosting::standing::<Known>(env, clan_id).await?;
    Response::json(200, &Reputation { score: score.saturating_add(contributed), as_of, contributed, boosts })
}
