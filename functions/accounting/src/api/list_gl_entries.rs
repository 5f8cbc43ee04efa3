//! `GET /api/gl/entries?account=&asset=&day=`: the entries of an account on a day, newest first.

use quoin_money::Asset;
use quoin_runtime::{Env, Page, Problem, Request, Response, Role};
use quoin_store::{Key, encode_cursor};
use serde::Deserialize;

use super::day;
use crate::chart::Account;
use crate::entry::Entry;
use crate::table;

/// Which entries.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedEntries {
    /// The account that they debit or credit.
    #[cfg_attr(feature = "schema", schemars(required, with = "Account"))]
    account: Option<String>,
    /// Of what.
    #[cfg_attr(feature = "schema", schemars(required, with = "Asset"))]
    asset: Option<String>,
    /// The day that they are entered on, in UTC.
    #[cfg_attr(feature = "schema", schemars(required, extend("format" = "date")))]
    day: Option<String>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The entries of an account on a day, newest first (operators)")
        .for_operators()
        .asks::<AskedEntries>("QUERY_INVALID")
        .lists::<Entry>()
        .refuses(400, &["ACCOUNT_UNKNOWN", "ASSET_UNKNOWN", "DATE_INVALID"])
}

/// Answers with a page of an account's entries.
///
/// # Errors
/// 400 for an account, asset or day that is none, 401, 403 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let asked: AskedEntries = request.parameters("QUERY_INVALID")?;
    let account: Account = parsed(asked.account.as_deref())
        .ok_or_else(|| Problem::field("ACCOUNT_UNKNOWN", "/account", "must be an account of the chart"))?;
    let asset: Asset = parsed(asked.asset.as_deref())
        .ok_or_else(|| Problem::field("ASSET_UNKNOWN", "/asset", "must be an asset of the platform"))?;
    let day = day::checked(asked.day.as_deref().unwrap_or_default(), "/day")?;
    let table = table::name(env)?;
    let list = format!("{}#{asset}#{day}", account.as_str());
    let pages = request.pages(&list)?;
    let before = pages.after.map(|key| key.sk);
    let page = env.store.newest_of(table, &table::lines(account, asset, &day), pages.limit, before.as_deref()).await?;
    let ids = page.items.iter().map(|item| item.require_text("entry")).collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<_> = ids.iter().map(|id| (table, table::entry(id))).collect();
    // A row may be ahead of its entry, which is then not there yet, or on another day as its month was closed.
    let found = env.store.batch(&keys).await?.into_iter().flatten();
    let mut items = found.map(|item| item.require_json::<Entry>("entry")).collect::<Result<Vec<_>, _>>()?;
    items.retain(|entry| entry.day() == day);
    let next_cursor = page.next.map(|sk| encode_cursor(&Key::new(list, sk)));
    Response::json(200, &Page { items, next_cursor })
}

fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}
