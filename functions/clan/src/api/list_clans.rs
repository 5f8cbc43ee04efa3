//! `GET /api/clans?sort=`: clans that are open, by reputation or the newest first.

use quoin_ranks::{Row, Sorted};
use quoin_runtime::{Env, Pages, Problem, Request, Response};
use serde::Deserialize;

use super::view::ClanView;
use crate::table::CLANS;

/// In which order.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedClans {
    /// By reputation if absent.
    #[serde(default)]
    sort: Sort,
}

/// An order of clans.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ClanSort"))]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// The highest reputation first, and among equals what is newer.
    #[default]
    Reputation,
    /// The newest first.
    Newest,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Clans, by reputation or the newest first")
        .asks::<AskedClans>("SORT_INVALID")
        .lists::<ClanView>()
}

/// Answers with a page of clans.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let AskedClans { sort } = request.parameters("SORT_INVALID")?;
    let order = match sort {
        Sort::Reputation => Sorted::ByScore,
        Sort::Newest => Sorted::Newest,
    };
    let list = order.list(env.config.table(CLANS)?);
    let pages = request.pages(list.name)?;
    let (rows, next) = Row::page(&env.store, &list, pages.limit, pages.after.as_ref()).await?;
    let clans = rows.into_iter().map(ClanView::from).collect();
    Response::json(200, &Pages::body(clans, next.as_ref()))
}
