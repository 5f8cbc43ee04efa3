//! `GET /api/orders/{id}`: an order as its stream knows it.

use quoin_runtime::{Env, Problem, Request, Response, Role};

use crate::order::Order;
use crate::order_view::OrderView;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("One of the caller's orders; operators see any, without what is personal")
        .answers::<OrderView<String>>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with the order. Its owner gets what is personal in the clear, unless the key is destroyed; operators get
/// none of it.
///
/// # Errors
/// 401, 404 (also for another user's order) or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let head = env.store.head(&Order::stream(request.path("id")?)).await?;
    let order = head.state.as_deref().map(serde_json::from_str::<Order>).transpose()?;
    let order = order.ok_or_else(|| Problem::not_found("order"))?;
    let key = if order.user_id == caller.user_id {
        env.data_key(&order.user_id).await?
    } else if caller.roles.contains(&Role::Operator) {
        None
    } else {
        return Err(Problem::not_found("order"));
    };
    Response::json(200, &OrderView::sealed(&order).opened(key.as_ref())?)
}
