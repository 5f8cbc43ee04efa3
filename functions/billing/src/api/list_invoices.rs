//! `GET /api/invoices?customer_id=`: the caller's invoices, newest first; for operators also a customer's.

use quoin_runtime::{Env, Pages, Problem, Request, Response, Role};
use quoin_store::Query;
use serde::Deserialize;

use crate::table::{self, Listed};

/// Whose invoices.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedInvoices {
    /// A customer's in place of the caller's own (operators).
    customer_id: Option<String>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's invoices, newest first; a customer's, for operators")
        .asks::<AskedInvoices>("QUERY_INVALID")
        .lists::<Listed>()
        .refuses(403, &["FORBIDDEN"])
}

/// Answers with a page of invoices.
///
/// # Errors
/// 400 for a limit or cursor that is none, 401, 403 for another customer's, or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let asked: AskedInvoices = request.parameters("QUERY_INVALID")?;
    let pk = match asked.customer_id {
        None => table::of_user(&caller.user_id),
        Some(customer_id) => {
            request.caller_with(Role::Operator)?;
            table::of_customer(&customer_id)
        }
    };
    let pages = request.pages(&pk)?;
    let query = Query::of(pk).descending().limit(pages.limit).after(pages.after);
    let page = env.store.query(table::name(env)?, query).await?;
    let items = page.items.iter().map(|item| item.require_json("invoice")).collect::<Result<Vec<Listed>, _>>()?;
    Response::json(200, &Pages::body(items, page.next.as_ref()))
}
