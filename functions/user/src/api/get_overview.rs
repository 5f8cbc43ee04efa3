//! `GET /api/users/me/overview`: the caller's clans, gigs and boosts, and what boosts run on the clans and gigs.
//!
//! Bounded: a page is one query of at most `limit` rows of the caller's partition, and one batch of a row for each clan
//! and gig among them. However many boosts were ever given, that row has those that run, twenty at most.

use std::collections::BTreeMap;

use quoin_boosts::{Counted, Running};
use quoin_events::Timestamp;
use quoin_events::types::TargetType;
use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Item, Query, StoreError, encode_cursor};
use serde::Serialize;

use crate::overview::{ClanRow, GigRow, GivenRow, Row, table};

/// What the caller has to do with boosts, gigs and clans. A page is a part of one list: clans, then gigs, then boosts
/// given, then boosts received; each member holds what of it is on the page.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Overview {
    /// Clans that the caller belongs to.
    clans: Vec<OwnClan>,
    /// Gigs that the caller offers, or has done.
    gigs: Vec<OwnGig>,
    /// Boosts.
    boosts: OwnBoosts,
    /// The moment at which boosts count what they are said to.
    as_of: Timestamp,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// Boosts of the caller's, those that end soonest first.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OwnBoosts {
    /// Those that the caller gave.
    given: Vec<OwnBoost>,
    /// Those of the caller's profile.
    received: Vec<OwnBoost>,
}

/// A clan that the caller belongs to.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OwnClan {
    /// The clan.
    clan_id: String,
    /// What the caller is in it.
    role: ClanRole,
    /// Since when; absent for as long as the event that tells it has not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_at: Option<Timestamp>,
    /// Boosts that run on it, whoever gave them.
    boosts: Vec<Counted>,
}

/// What somebody is in a clan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum ClanRole {
    /// They lead it.
    Leader,
    /// They belong to it.
    Member,
}

/// A gig that the caller offers or has done.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OwnGig {
    /// The gig.
    gig_id: String,
    /// What the caller is to it.
    role: GigRole,
    /// Who offers it.
    owner_id: String,
    /// Credits for who does it.
    price: Amount,
    /// How far it is.
    status: OwnGigStatus,
    /// Since when it is offered; told to its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_by: Option<String>,
    /// When they said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Timestamp>,
    /// When they were paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
    /// Boosts that run on it, whoever gave them.
    boosts: Vec<Counted>,
}

/// What somebody is to a gig.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum GigRole {
    /// They offer it, and pay for it.
    Owner,
    /// They have done it.
    Worker,
}

/// How far a gig is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum OwnGigStatus {
    /// Nobody has done it yet.
    Open,
    /// Somebody has done it and is to be paid.
    Completed,
    /// It is done and paid.
    Paid,
}

/// A boost that the caller gave or received.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OwnBoost {
    /// The boost.
    #[serde(rename = "eventId")]
    event_id: String,
    /// Who gave it.
    by: String,
    /// What was boosted: a person, a gig, a clan.
    target_type: TargetType,
    /// Which one.
    target_id: String,
    /// Its credits.
    amount: u32,
    /// What of them counts now.
    counts: u32,
    /// From when on nothing of them does.
    until: Timestamp,
    /// Whether it runs.
    status: OwnBoostStatus,
    /// When its end was noted; absent for as long as nothing tells of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
}

/// Whether a boost runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum OwnBoostStatus {
    /// It counts.
    Running,
    /// It is over, by its end's event or by the clock.
    Ended,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's clans, gigs and boosts, and which boosts run on them")
        .paged()
        .answers::<Overview>(200)
}

/// Answers with a page of what the caller has to do with boosts, gigs and clans. A page may be shorter than `limit`
/// although more follow.
///
/// # Errors
/// 400 for a limit or cursor that is none, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = &request.caller()?.user_id;
    let pk = table::user(user_id);
    let pages = request.pages(&pk)?;
    let (name, now) = (table::name(env)?, request.context.now);
    let page = env.store.query(name, Query::of(pk).limit(pages.limit).after(pages.after)).await?;
    let kept = page.items.iter().filter(|item| !table::is_over(item, now.seconds()));
    let rows = kept.map(|item| Ok((item.require_text("sk")?, table::read(item)?)));
    let rows: Vec<_> = rows.collect::<Result<_, StoreError>>()?;
    let targets: Vec<_> = rows.iter().filter_map(|(sk, row)| target(sk, row)).collect();
    let keys: Vec<_> = targets.iter().map(|(kind, id)| (name, table::runs(*kind, id))).collect();
    let found = env.store.batch(&keys).await?;
    let mut runs = BTreeMap::new();
    for (target, item) in targets.into_iter().zip(found) {
        runs.insert(target, running(item.as_ref())?);
    }
    let mut body = Overview { as_of: now, next_cursor: page.next.as_ref().map(encode_cursor), ..Overview::default() };
    for (sk, row) in &rows {
        let boosts = target(sk, row).and_then(|target| runs.get(&target)).map(|running| running.standing(now).boosts);
        body.show(sk, row, boosts.unwrap_or_default(), user_id);
    }
    Response::json(200, &body)
}

/// What a row is about that may be boosted.
fn target<'a>(sk: &'a str, row: &Row) -> Option<(TargetType, &'a str)> {
    let (_, id) = sk.split_once('#')?;
    match row {
        Row::Gig(_) => Some((TargetType::Gig, id)),
        Row::Clan(clan) => clan.is_member().then_some((TargetType::Clan, id)),
        Row::Boost(_) | Row::Runs(_) => None,
    }
}

fn running(item: Option<&Item>) -> Result<Running, StoreError> {
    match item.map(table::read).transpose()? {
        None => Ok(Running::default()),
        Some(Row::Runs(running)) => Ok(running),
        Some(Row::Gig(_) | Row::Clan(_) | Row::Boost(_)) => Err(StoreError::corrupt("no row of what runs")),
    }
}

impl Overview {
    fn show(&mut self, sk: &str, row: &Row, boosts: Vec<Counted>, user_id: &str) {
        let id = sk.split_once('#').map_or(sk, |(_, id)| id).to_owned();
        match row {
            Row::Clan(row) if row.is_member() => self.clans.push(own_clan(id, row, boosts)),
            // Who has left a clan has nothing to do with it.
            Row::Clan(_) | Row::Runs(_) => {}
            Row::Gig(row) => self.gigs.push(own_gig(id, row, boosts, user_id)),
            Row::Boost(row) if sk.starts_with(table::GIVEN) => self.boosts.given.push(own_boost(row, self.as_of)),
            Row::Boost(row) => self.boosts.received.push(own_boost(row, self.as_of)),
        }
    }
}

fn own_clan(clan_id: String, row: &ClanRow, boosts: Vec<Counted>) -> OwnClan {
    let role = if row.is_leader() { ClanRole::Leader } else { ClanRole::Member };
    OwnClan { clan_id, role, joined_at: row.joined.map(|step| step.at), boosts }
}

fn own_gig(gig_id: String, row: &GigRow, boosts: Vec<Counted>, user_id: &str) -> OwnGig {
    let status = match (row.paid_at, &row.completed_by) {
        (Some(_), _) => OwnGigStatus::Paid,
        (None, Some(_)) => OwnGigStatus::Completed,
        (None, None) => OwnGigStatus::Open,
    };
    OwnGig {
        gig_id,
        role: if row.owner_id == user_id { GigRole::Owner } else { GigRole::Worker },
        owner_id: row.owner_id.clone(),
        price: row.price,
        status,
        created_at: row.created_at,
        completed_by: row.completed_by.clone(),
        completed_at: row.completed_at,
        paid_at: row.paid_at,
        boosts,
    }
}

fn own_boost(row: &GivenRow, at: Timestamp) -> OwnBoost {
    let GivenRow { boost, ended_at } = row;
    let is_ended = ended_at.is_some() || boost.is_over(at);
    OwnBoost {
        event_id: boost.event_id.clone(),
        by: boost.user_id.clone(),
        target_type: boost.target_type,
        target_id: boost.target_id.clone(),
        amount: boost.credits,
        counts: if is_ended { 0 } else { boost.counts(at) },
        until: boost.until(),
        status: if is_ended { OwnBoostStatus::Ended } else { OwnBoostStatus::Running },
        ended_at: *ended_at,
    }
}
