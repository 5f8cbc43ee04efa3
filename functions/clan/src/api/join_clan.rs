//! `POST /api/clans/{id}/join`: the caller belongs to the clan from now on. Joining again changes nothing.

use quoin_events::types::ClanMemberJoined;
use quoin_events::{Draft, Timestamp};
use quoin_ranks::Standing;
use quoin_runtime::{Env, Problem, Request, Response, change};

use super::view::{self, ClanView};
use crate::known::Known;
use crate::table::CLANS;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Joins a clan; again, it changes nothing")
        .answers::<ClanView>(200)
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["CLAN_FULL", "CLAN_CLOSED"])
}

/// Joins the clan.
///
/// # Errors
/// 401, 404, 422, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = &request.caller()?.user_id;
    let (table, clan_id) = (env.config.table(CLANS)?, request.path("id")?);
    let load = async || Standing::<Known>::find(&env.store, table, clan_id).await;
    let decide = |found: &Standing<Known>, now: Timestamp| {
        let (known, at) = (&found.row.entity, found.moment(now));
        let Some(clan) = known.clan.joined(user_id, at)? else { return Ok(None) };
        let event = ClanMemberJoined { clan_id: clan_id.to_owned(), user_id: user_id.clone(), members: clan.size() };
        Ok(Some(found.next(table, known.of(clan), at, [Draft::new(&event, at)?])?))
    };
    change(env, &request.context, "clan", load, decide).await?;
    Response::json(200, &ClanView::from(view::find(env, clan_id).await?))
}
