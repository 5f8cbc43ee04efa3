//! A clan as everybody sees it: how many belong to it, but not who.

use quoin_events::Timestamp;
use quoin_ranks::Row;
use quoin_runtime::{ERASED, Env, Problem};
use serde::Serialize;

use crate::clan::Status;
use crate::known::Known;
use crate::table::CLANS;

/// A clan with its place.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Clan"))]
pub(super) struct ClanView {
    /// The clan.
    clan_id: String,
    /// What it is called; `[erased]` once who named it was forgotten and nobody else belongs to it.
    name: String,
    /// Who leads it: its founder, or the longest member since that one left.
    founder_id: String,
    /// Whether it is there for people.
    status: Status,
    /// How many belong to it.
    members: u32,
    /// Credits that it was given, in all.
    contributed: u64,
    /// What it was given, and what boosts count: lists by reputation are in this order.
    reputation: u64,
    /// When it was founded.
    created_at: Timestamp,
}

impl From<Row<Known>> for ClanView {
    fn from(row: Row<Known>) -> Self {
        let reputation = row.score();
        let Known { clan, contributed, name, .. } = row.entity;
        Self {
            members: clan.size(),
            clan_id: clan.clan_id,
            name: name.unwrap_or_else(|| ERASED.to_owned()),
            founder_id: clan.founder_id,
            status: clan.status,
            contributed,
            reputation,
            created_at: clan.created_at,
        }
    }
}

/// The clan `clan_id`.
///
/// # Errors
/// 404 or 503.
pub(super) async fn find(env: &Env, clan_id: &str) -> Result<Row<Known>, Problem> {
    let row = Row::find(&env.store, env.config.table(CLANS)?, clan_id).await?;
    row.ok_or_else(|| Problem::not_found("clan"))
}
