//! `POST /api/clans`: somebody founds a clan, and is its first member.

use quoin_events::Draft;
use quoin_events::types::ClanCreated;
use quoin_ranks::{Row, Standing};
use quoin_runtime::{Env, Failure, Personal, Problem, Request, Response, printable};
use serde::{Deserialize, Serialize};

use crate::clan::Clan;
use crate::known::Known;
use crate::table::CLANS;

/// The most characters of a name.
const MAX_NAME: usize = 100;

/// A clan as it is to be.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct CreateClan {
    /// What it is called; 1 to 100 printable characters.
    name: String,
}

/// A clan that is there.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CreatedClan<'a> {
    /// The clan.
    clan_id: &'a str,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Founds a clan")
        .takes::<CreateClan>()
        .answers::<CreatedClan<'_>>(201)
        .refuses(400, &["TEXT_INVALID"])
        .refuses(404, &["NOT_FOUND"])
}

/// Writes the clan.
///
/// # Errors
/// 400, 401, 404 for who was forgotten, or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let founder_id = request.caller()?.user_id.clone();
    let CreateClan { name } = request.json()?;
    let name = printable(&name, MAX_NAME, "/name")?;
    let key = env.data_key(&founder_id).await?.ok_or_else(|| Problem::not_found("user"))?;
    let sealed = key.seal(&Personal::new(name.clone())).map_err(Failure::poison)?;
    let clan_id = format!("clan_{:032x}", env.clock.random_u128());
    let now = request.context.now;
    let event = ClanCreated { clan_id: clan_id.clone(), founder_id: founder_id.clone(), name: sealed.clone() };
    let clan = Known::new(Clan::founded(clan_id.clone(), sealed, founder_id, now), name);
    let table = env.config.table(CLANS)?;
    let commit = Standing::begun(table, clan.clone(), Draft::new(&event, now)?)?;
    env.store.commit(commit, &request.context.origin).await?;
    Row::forgotten(&env.store, table, &request.context.origin, &clan).await?;
    Response::json(201, &CreatedClan { clan_id: &clan_id })
}
