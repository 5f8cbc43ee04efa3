//! `GET /api/merchants/{id}/orders?status=`: a merchant's paid orders, newest first, and what today came to.

use quoin_money::Delta;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Item, Query, encode_cursor};
use serde::{Deserialize, Serialize};

use crate::order::{Order, Status};
use crate::{access, table, totals};

/// The most pages that are looked through for orders of one status; the caller reads on with the cursor.
const MAX_PAGES: u32 = 10;

/// Which orders.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedOrders {
    /// Only those that are so far.
    status: Option<Status>,
}

/// A merchant's orders.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct MerchantOrders {
    /// What today came to.
    summary: Summary,
    /// The orders, newest first.
    items: Vec<Order>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// The orders paid on a day that have not failed.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MerchantDay"))]
struct Summary {
    /// Today, in UTC.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    day: String,
    /// How many.
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    orders: Delta,
    /// What was paid for them.
    amount: Delta,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A merchant's paid orders, newest first (managers of the merchant, operators)")
        .asks::<AskedOrders>("STATUS_INVALID")
        .paged()
        .answers::<MerchantOrders>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with a page of a merchant's orders.
///
/// # Errors
/// 400 for a status, limit or cursor that is none, 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let merchant_id = request.path("id")?;
    let asked: AskedOrders = request.parameters("STATUS_INVALID")?;
    let (table, pk) = (table::name(env)?, table::orders_pk(merchant_id));
    let pages = request.pages(&pk)?;
    access::managed(env, request, merchant_id).await?;
    let wanted = usize::try_from(pages.limit).unwrap_or(usize::MAX);
    let (mut items, mut after) = (Vec::new(), pages.after);
    for _ in 0..MAX_PAGES {
        let missing = u32::try_from(wanted.saturating_sub(items.len())).unwrap_or(u32::MAX);
        let page = env.store.query(table, Query::of(&pk).descending().limit(missing).after(after)).await?;
        // What has expired may still be there for a while.
        let now = request.context.now.seconds();
        let kept = |item: &&Item| item.get_number("expires").is_none_or(|expires| expires > now);
        for item in page.items.iter().filter(kept) {
            let order: Order = item.require_json("order")?;
            if asked.status.is_none_or(|status| status == order.status) {
                items.push(order);
            }
        }
        after = page.next;
        if after.is_none() || items.len() >= wanted {
            break;
        }
    }
    let day = request.context.now.day();
    let [orders, amount] = totals::read(env, table, &table::totals_pk(merchant_id, &day), ["orders", "amount"]).await?;
    let summary = Summary { day, orders, amount };
    Response::json(200, &MerchantOrders { summary, items, next_cursor: after.as_ref().map(encode_cursor) })
}
