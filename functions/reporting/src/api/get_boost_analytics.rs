//! `GET /api/boosts/analytics?kind=&day=`: what boosts brought, as it was computed of a day.

use quoin_runtime::{Env, Period, Problem, Request, Response, Role};
use quoin_store::Query;
use serde::Deserialize;

use crate::effects::{Analytics, Kind, TABLE};

/// Of which.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedAnalytics {
    /// What is boosted.
    #[cfg_attr(feature = "schema", schemars(required))]
    kind: Option<Kind>,
    /// The last day of the four weeks that are looked at, in UTC; the latest that is computed if it is left out.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    day: Option<String>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What boosts brought in views and orders, against targets without one (operators)")
        .for_operators()
        .asks::<AskedAnalytics>("QUERY_INVALID")
        .answers::<Analytics>(200)
        .refuses(404, &["NOT_COMPUTED"])
}

/// Answers with the analytics.
///
/// # Errors
/// 400 for what is no kind or no day, 401, 403, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let AskedAnalytics { kind, day } = request.parameters("QUERY_INVALID")?;
    let Some(kind) = kind else {
        return Err(Problem::field("QUERY_INVALID", "/kind", "must be gig, clan or profile"));
    };
    let table = env.config.table(TABLE)?;
    let row = match day {
        Some(day) => {
            Period::try_new(Some(&day), Some(&day))
                .map_err(|_| Problem::field("QUERY_INVALID", "/day", "must be a day as 2026-01-31"))?;
            env.store.get(table, &Analytics::key(kind, &day), true).await?
        }
        None => {
            let latest = Query::of(Analytics::pk(kind)).descending().limit(1).consistent();
            env.store.query(table, latest).await?.items.into_iter().next()
        }
    };
    let row = row.ok_or_else(|| Problem::new(404, "NOT_COMPUTED", "nothing is computed of that day"))?;
    Response::json(200, &Analytics::read(&row)?)
}
