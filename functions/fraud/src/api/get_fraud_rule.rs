//! `GET /api/fraud/rules/{rule}`: a rule as it is now.

use quoin_runtime::{Env, Problem, Request, Response, Role};

use super::rule_view::{Named, RuleView};
use crate::table;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A rule of fraud detection, or the threshold of scores (operators)")
        .for_operators()
        .answers::<RuleView>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with a rule.
///
/// # Errors
/// 401, 403, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let named = Named::parse(request.path("rule")?)?;
    let item = env.store.get(table::name(env)?, &table::rules(), true).await?;
    Response::json(200, &RuleView::read(named, item.as_ref())?)
}
