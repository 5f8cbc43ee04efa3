//! `GET /api/gigs?sort=`: what is open, by priority or the newest first.

use quoin_ranks::{Row, Sorted};
use quoin_runtime::{Env, Pages, Problem, Request, Response};
use serde::Deserialize;

use super::view::GigView;
use crate::table::GIGS;

/// In which order.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedGigs {
    /// By priority if absent.
    #[serde(default)]
    sort: Sort,
}

/// An order of gigs.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GigSort"))]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// What boosts count most first, and among equals what is newer.
    #[default]
    Priority,
    /// The newest first.
    Newest,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Open gigs, by priority or the newest first")
        .asks::<AskedGigs>("SORT_INVALID")
        .lists::<GigView>()
}

/// Answers with a page of open gigs.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let AskedGigs { sort } = request.parameters("SORT_INVALID")?;
    let order = match sort {
        Sort::Priority => Sorted::ByScore,
        Sort::Newest => Sorted::Newest,
    };
    let list = order.list(env.config.table(GIGS)?);
    let pages = request.pages(list.name)?;
    let (rows, next) = Row::page(&env.store, &list, pages.limit, pages.after.as_ref()).await?;
    let gigs = rows.into_iter().map(GigView::from).collect();
    Response::json(200, &Pages::body(gigs, next.as_ref()))
}
