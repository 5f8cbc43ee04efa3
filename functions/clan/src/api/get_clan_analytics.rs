//! `GET /api/clans/{id}/analytics`: who belongs to a clan since when, and what they gave to it. For its members, and
//! operators.

use quoin_events::Timestamp;
use quoin_runtime::{Env, Problem, Request, Response, Role};
use quoin_store::Item;
use serde::Serialize;

use super::view;
use crate::consumers::clan_credit_queue::GIVEN;
use crate::table::{self, CLANS};

/// A clan from within.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ClanAnalytics {
    /// The clan.
    clan_id: String,
    /// Credits that it was given, by those who have left too.
    contributed: u64,
    /// What it was given, and what boosts count.
    reputation: u64,
    /// Who belongs to it, the longest member first.
    members: Vec<MemberAnalytics>,
}

/// A member and what they gave.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct MemberAnalytics {
    /// Who.
    user_id: String,
    /// Since when; who has left and come back, since that.
    since: Timestamp,
    /// Credits that they gave to it, whenever.
    contributed: u64,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Who belongs to a clan, since when, and what they gave to it (members, operators)")
        .answers::<ClanAnalytics>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with the clan's members.
///
/// # Errors
/// 401, 404 (also for who does not belong to it) or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let row = view::find(env, request.path("id")?).await?;
    let (clan, reputation) = (&row.entity.clan, row.score());
    if !clan.has(&caller.user_id) && !caller.roles.contains(&Role::Operator) {
        return Err(Problem::not_found("clan"));
    }
    let table = env.config.table(CLANS)?;
    let keys: Vec<_> = clan.members.iter().map(|one| (table, table::given(&clan.clan_id, &one.user_id))).collect();
    let given = env.store.batch(&keys).await?;
    let contributed = |row: Option<Item>| row.and_then(|row| u64::try_from(row.get_number(GIVEN)?).ok()).unwrap_or(0);
    let members = clan.members.iter().zip(given).map(|(member, given)| MemberAnalytics {
        user_id: member.user_id.clone(),
        since: member.since,
        contributed: contributed(given),
    });
    let body = ClanAnalytics {
        clan_id: clan.clan_id.clone(),
        contributed: row.entity.contributed,
        reputation,
        members: members.collect(),
    };
    Response::json(200, &body)
}
