//! `POST /api/credits/boost/clan`: one batch read and one transaction of five items; a refusal is one item.

use quoin_events::types::TargetType;
use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Deserialize;

use super::boost::{self, Asked};
use crate::target::Target;

/// A boost of a clan as it is asked for.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BoostClan {
    /// Which clan.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    target_clan_id: String,
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
    boost::contract("Boosts a clan with credits").takes::<BoostClan>().refuses(422, &["TARGET_ENDED"])
}

/// Boosts a clan.
///
/// # Errors
/// 400, 401, 404 or 429; a refusal (422) is an answer like any other and stands in the journal.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    boost::give(env, request, |asked: BoostClan| {
        let target = Target::named(TargetType::Clan, asked.target_clan_id)?;
        Ok(Asked { target, amount: asked.amount, duration: asked.duration })
    })
    .await
}
