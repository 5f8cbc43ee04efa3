//! `POST /api/clans/{id}/leave`: the caller does not belong to the clan from now on. Leaving again changes nothing.

use quoin_events::types::ClanMemberLeft;
use quoin_events::{Draft, Timestamp};
use quoin_ranks::Standing;
use quoin_runtime::{Env, Problem, Request, Response, change};

use crate::clan::Clan;
use crate::known::Known;
use crate::table::CLANS;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Leaves a clan, which its longest member leads if its founder leaves")
        .answers_nothing(204)
        .refuses(404, &["NOT_FOUND"])
}

/// Leaves the clan; what was given to it stays.
///
/// # Errors
/// 401, 404, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = &request.caller()?.user_id;
    let (table, clan_id) = (env.config.table(CLANS)?, request.path("id")?);
    let load = async || Standing::<Known>::find(&env.store, table, clan_id).await;
    let decide = |found: &Standing<Known>, now: Timestamp| {
        let (known, at) = (&found.row.entity, found.moment(now));
        let Some(clan) = known.clan.left(user_id) else { return Ok(None) };
        let event = Draft::new(&told(&known.clan, &clan, user_id), at)?;
        Ok(Some(found.next(table, known.of(clan), at, [event])?))
    };
    change(env, &request.context, "clan", load, decide).await?;
    Ok(Response::empty(204))
}

fn told(before: &Clan, after: &Clan, user_id: &str) -> ClanMemberLeft {
    let is_passed_on = before.founder_id != after.founder_id;
    ClanMemberLeft {
        clan_id: after.clan_id.clone(),
        user_id: user_id.to_owned(),
        members: after.size(),
        new_founder_id: is_passed_on.then(|| after.founder_id.clone()),
    }
}
