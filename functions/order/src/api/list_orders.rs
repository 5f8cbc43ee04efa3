//! `GET /api/orders`: the caller's orders, newest first.

use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::Query;

use crate::order::Order;
use crate::order_view::OrderView;
use crate::table::{self, TABLE};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's orders, newest first").lists::<OrderView<String>>()
}

/// Answers with a page of the caller's orders.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = &request.caller()?.user_id;
    let pk = table::orders_pk(user_id);
    let pages = request.pages(&pk)?;
    let query = Query::of(pk).descending().limit(pages.limit).after(pages.after);
    let page = env.store.query(env.config.table(TABLE)?, query).await?;
    let key = env.data_key(user_id).await?;
    let view = |item: &quoin_store::Item| {
        let order: Order = item.require_json("order")?;
        OrderView::sealed(&order).opened(key.as_ref())
    };
    let orders = page.items.iter().map(view).collect::<Result<Vec<_>, Problem>>()?;
    Response::json(200, &Pages::body(orders, page.next.as_ref()))
}
