//! `GET /api/reports/{report}?from=&to=`: the figures of a period, in all and per day.

use quoin_runtime::{Env, Failure, Problem, Request, Response, Role};
use quoin_store::Query;

#[cfg(feature = "schema")]
use crate::period::AskedPeriod;
use crate::period::Period;
#[cfg(feature = "schema")]
use crate::report::ReportView;
use crate::report::{Daily, Report, month_pk, shards_between};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The figures of a period, in all and per day (operators)")
        .for_operators()
        .asks::<AskedPeriod>("DATE_INVALID")
        .answers::<ReportView>(200)
        .refuses(400, &["PERIOD_INVALID"])
}

/// Answers with a report.
///
/// # Errors
/// 400 for a period that is none, 401, 403, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let report = Report::parse(request.path("report")?).ok_or_else(|| Problem::not_found("report"))?;
    let period = Period::of_request(request)?;
    let table = env.config.table("reporting")?;
    let mut daily = Daily::default();
    for (month, (first, last)) in period.months() {
        let (first, last) = shards_between(first, last);
        let mut after = None;
        loop {
            let query = Query::of(month_pk(month)).between(&first, &last).after(after);
            let page = env.store.query(table, query).await?;
            for shard in &page.items {
                daily.add_shard(month, shard).map_err(Failure::poison)?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Response::json(200, &report.body(&period, &daily).map_err(Failure::poison)?)
}
