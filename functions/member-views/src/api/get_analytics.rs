//! `GET /api/analytics/{view}?from=&to=`: registrations, recurring revenue, churn or conversion, by day and plan.

#[cfg(feature = "schema")]
use quoin_runtime::AskedPeriod;
use quoin_runtime::{Env, Failure, Period, Problem, Request, Response, Role};
use quoin_views::{Measured, View, ViewError, steps};

#[cfg(feature = "schema")]
use crate::figures::Analytics;
use crate::figures::analytics;

/// Before every month.
const BEGINNING: &str = "0";

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Registrations, revenue, churn or conversion, by day and plan (operators)")
        .for_operators()
        .asks::<AskedPeriod>("DATE_INVALID")
        .answers::<Analytics>(200)
        .refuses(400, &["PERIOD_INVALID"])
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with the figures of a period.
///
/// # Errors
/// 400 for a period that is none, 401, 403, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let measured: Measured = request.path("view")?.parse().map_err(|()| Problem::not_found("view"))?;
    let period = Period::of_request(request)?;
    let months = period.months();
    let first = months.keys().next().copied().unwrap_or(BEGINNING);
    let last = months.keys().next_back().copied().unwrap_or(BEGINNING);
    let first = match measured {
        // What is there on a day is all that came to it since the beginning.
        Measured::Mrr => BEGINNING,
        Measured::Registrations | Measured::Churn | Measured::Conversion => first,
    };
    let table = env.config.table(View::Analytics.table())?;
    let sums = match steps(&env.store, table, measured, first, last).await {
        Ok(sums) => sums,
        Err(ViewError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Failure::transient(error).into()),
    };
    Response::json(200, &analytics(measured, &period, sums).map_err(Failure::poison)?)
}
