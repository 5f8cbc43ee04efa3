//! `GET /api/gl/periods`: the months in which anything was entered, and which of them are closed.

use std::collections::BTreeMap;

use quoin_runtime::{Env, Problem, Request, Response, Role};
use quoin_store::Query;
use serde::Serialize;

use crate::api::Period;
use crate::{period, table};

/// The months.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlPeriods"))]
struct Periods {
    /// Newest first.
    items: Vec<Period>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The months of the general ledger, newest first (operators)")
        .for_operators()
        .answers::<Periods>(200)
}

/// Answers with the months.
///
/// # Errors
/// 401, 403 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let mut periods = BTreeMap::new();
    for month in counted(env).await? {
        periods.insert(month.clone(), Period::open(month));
    }
    for (month, closed) in period::closed(env).await? {
        periods.insert(month.clone(), Period::closed(month, closed));
    }
    Response::json(200, &Periods { items: periods.into_values().rev().collect() })
}

/// The months that have counters, once or more often.
async fn counted(env: &Env) -> Result<Vec<String>, Problem> {
    let (mut months, mut after) = (Vec::new(), None);
    loop {
        let page = env.store.query(table::name(env)?, Query::of(table::MONTHS).after(after)).await?;
        for row in &page.items {
            let month = row.require_text("sk")?.split('#').next().unwrap_or_default();
            months.push(month.to_owned());
        }
        after = page.next;
        if after.is_none() {
            return Ok(months);
        }
    }
}
