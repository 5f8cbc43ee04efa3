//! `GET /api/reports/{report}?from=&to=`: the figures of a period, in all and per day.

#[cfg(feature = "schema")]
use quoin_runtime::AskedPeriod;
use quoin_runtime::{Env, Failure, Period, Problem, Request, Response, Role};
use quoin_store::{Item, Query};

#[cfg(feature = "schema")]
use crate::report::Answer;
use crate::report::{Daily, Report, campaigns_pk, month_pk, shards_between};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The figures of a period, in all and per day (operators)")
        .for_operators()
        .asks::<AskedPeriod>("DATE_INVALID")
        .answers::<Answer>(200)
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
    let mut daily = Daily::default();
    for (month, days) in period.months() {
        for shard in shards(env, month_pk(month), days).await? {
            daily.add_shard(month, &shard).map_err(Failure::poison)?;
        }
        if report == Report::Orders {
            for shard in shards(env, campaigns_pk(month), days).await? {
                daily.add_campaign_shard(&shard).map_err(Failure::poison)?;
            }
        }
    }
    Response::json(200, &report.body(&period, &daily).map_err(Failure::poison)?)
}

/// All shards of the partition `pk` from the first to the last of `days`.
async fn shards(env: &Env, pk: String, (first, last): (&str, &str)) -> Result<Vec<Item>, Problem> {
    let table = env.config.table("reporting")?;
    let (first, last) = shards_between(first, last);
    let (mut shards, mut after) = (Vec::new(), None);
    loop {
        let page = env.store.query(table, Query::of(&pk).between(&first, &last).after(after)).await?;
        shards.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(shards);
        }
    }
}
