//! `GET /api/merchants/{id}/commissions?month=`: what the platform keeps of a merchant's orders, newest first.

use quoin_events::Timestamp;
use quoin_money::Delta;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Query, encode_cursor};
use serde::{Deserialize, Serialize};

use crate::commission::Commission;
use crate::{access, table, totals};

/// Which commissions.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedMonth {
    /// Of orders created in this month, in UTC; the current one if it is left out.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^\d{4}-(0[1-9]|1[0-2])$")))]
    month: Option<String>,
}

/// A merchant's commissions of a month.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct MonthOfCommissions {
    /// The month, in UTC.
    month: String,
    /// All of the month.
    total: MonthTotal,
    /// A line per order, newest first.
    items: Vec<Commission>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// What a month came to.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CommissionTotal"))]
struct MonthTotal {
    /// How many orders.
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    orders: Delta,
    /// What was paid for them.
    order_total: Delta,
    /// What the platform keeps.
    commission: Delta,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A merchant's commissions of a month (managers of the merchant, operators)")
        .asks::<AskedMonth>("MONTH_INVALID")
        .paged()
        .answers::<MonthOfCommissions>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with a page of a month's commissions.
///
/// # Errors
/// 400 for a month, limit or cursor that is none, 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let merchant_id = request.path("id")?;
    let asked: AskedMonth = request.parameters("MONTH_INVALID")?;
    let month = match asked.month {
        Some(month) => checked(month)?,
        None => table::month(request.context.now),
    };
    let (table, pk) = (table::name(env)?, table::commissions_pk(merchant_id, &month));
    let pages = request.pages(&pk)?;
    access::managed(env, request, merchant_id).await?;
    let page = env.store.query(table, Query::of(pk).descending().limit(pages.limit).after(pages.after)).await?;
    let items = page.items.iter().map(|item| item.require_json("commission")).collect::<Result<_, _>>()?;
    let sums = table::commission_totals_pk(merchant_id, &month);
    let [orders, order_total, commission] =
        totals::read(env, table, &sums, ["orders", "order_total", "commission"]).await?;
    let total = MonthTotal { orders, order_total, commission };
    let next_cursor = page.next.as_ref().map(encode_cursor);
    Response::json(200, &MonthOfCommissions { month, total, items, next_cursor })
}

/// `month`, if the calendar writes it so.
fn checked(month: String) -> Result<String, Problem> {
    let at = format!("{month}-01T00:00:00Z").parse::<Timestamp>().ok().map(table::month);
    if at.as_ref() == Some(&month) {
        return Ok(month);
    }
    Err(Problem::field("MONTH_INVALID", "/month", "must be a month as 2026-01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_months_of_the_calendar_are_months() {
        assert_eq!(checked("2026-12".to_owned()).unwrap(), "2026-12");
        for wrong in ["", "2026-13", "2026-1", "2026-01-01", "01-2026", "2026"] {
            assert_eq!(checked(wrong.to_owned()).unwrap_err().errors[0].pointer, "/month", "{wrong}");
        }
    }
}
