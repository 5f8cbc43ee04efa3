//! `GET /api/gl/trial-balance?as_of=`: what every account was debited and credited until the end of a day, per asset;
//! `?period=`: the same of one month alone.

use quoin_runtime::{Env, Failure, Problem, Request, Response, Role};
use quoin_store::Query;
use serde::{Deserialize, Serialize};

use super::{day, month};
use crate::book::{AssetBalance, Book};
use crate::table;

/// Which entries count.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedDay {
    /// In UTC; today if it is left out.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    as_of: Option<String>,
    /// Only what was entered in this month, in UTC; not with `as_of`.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^\d{4}-(0[1-9]|1[0-2])$")))]
    period: Option<String>,
}

/// The general ledger in sums.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct TrialBalance {
    /// The day up to whose end entries count, in UTC; absent for those of a month.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    /// The month whose entries count alone, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<String>,
    /// Every asset that moved.
    assets: Vec<AssetBalance>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What every account was debited and credited until a day, per asset (operators)")
        .for_operators()
        .asks::<AskedDay>("DATE_INVALID")
        .answers::<TrialBalance>(200)
}

/// Answers with the trial balance.
///
/// # Errors
/// 400 for a day that is none, 401, 403 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let asked: AskedDay = request.parameters("DATE_INVALID")?;
    let (as_of, period) = match (asked.as_of, asked.period) {
        (Some(_), Some(_)) => return Err(Problem::field("DATE_INVALID", "/period", "goes without as_of")),
        (Some(day), None) => (Some(day::checked(&day, "/as_of")?), None),
        (None, Some(period)) => (None, Some(checked_period(&period)?)),
        (None, None) => (Some(request.context.now.day()), None),
    };
    let mut book = Book::default();
    if let Some(period) = &period {
        add(env, Query::of(table::MONTHS).begins_with(format!("{period}#")), &mut book).await?;
    }
    if let Some(as_of) = &as_of {
        let (month, of_month) = table::split(as_of);
        // Shards end with a digit, so a bare month or day sorts before its own.
        add(env, Query::of(table::MONTHS).between("0", month), &mut book).await?;
        add(env, Query::of(table::days_pk(month)).between("0", format!("{of_month}#~")), &mut book).await?;
    }
    let assets = book.trial_balance().map_err(Failure::poison)?;
    Response::json(200, &TrialBalance { as_of, period, assets })
}

fn checked_period(period: &str) -> Result<String, Problem> {
    month::checked(period).ok_or_else(|| Problem::field("DATE_INVALID", "/period", "must be a month as 2026-01"))
}

async fn add(env: &Env, query: Query, book: &mut Book) -> Result<(), Problem> {
    let mut after = None;
    loop {
        let page = env.store.query(table::name(env)?, query.clone().after(after)).await?;
        for row in &page.items {
            book.add_stored(row).map_err(Failure::poison)?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
