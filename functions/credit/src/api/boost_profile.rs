//! `POST /api/credits/boost/profile`: one batch read and one transaction of five items; a refusal is one item.

use quoin_events::types::TargetType;
use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Deserialize;

use super::boost::{self, Asked};
use crate::target::Target;

/// A boost of a profile as it is asked for.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BoostProfile {
    /// Whose profile; not the caller's own.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    target_user_id: String,
    /// Credits: a whole number from 1 to 10000.
    amount: Amount,
    /// Hours: 1 to 168.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 168)))]
    duration: u32,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    boost::contract("Boosts a profile with credits").takes::<BoostProfile>().refuses(422, &["SELF_BOOST"])
}

/// Boosts a profile.
///
/// # Errors
/// 400, 401, 404 or 429; a refusal (422) is an answer like any other and stands in the journal,
/// except that nobody boosts themselves, whatever else is so.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    boost::give(env, request, |asked: BoostProfile| {
        if asked.target_user_id == caller.user_id {
            let problem = Problem::refused("SELF_BOOST", "nobody boosts the own profile");
            return Err(problem.at("/targetUserId", "is the caller"));
        }
        let target = Target::named(TargetType::User, asked.target_user_id)?;
        Ok(Asked { target, amount: asked.amount, duration: asked.duration })
    })
    .await
}
