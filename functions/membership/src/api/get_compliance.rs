//! `GET /api/compliance/{customer_id}`: what was looked at when a subscription ended, for operators. It names nobody.

use quoin_membership_model::{Customer, CustomerStatus};
use quoin_runtime::{Env, Found, Problem, Request, Response, Role};
use serde::Serialize;

use crate::append::Streamed;
use crate::compliance::Check;
use crate::consumers::compliance_check::checks;
use crate::erasure::{self, Erasure};

/// A customer as compliance sees them.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ComplianceRecord {
    /// The customer.
    customer_id: String,
    /// The account.
    user_id: String,
    /// Where the customer stands.
    status: CustomerStatus,
    /// The erasure, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    erasure: Option<Erasure>,
    /// The checks, oldest first.
    checks: Vec<Check>,
}

/// What the route answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What was checked of a customer, and how an erasure stands")
        .for_operators()
        .answers::<ComplianceRecord>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Shows what was checked.
///
/// # Errors
/// 401, 403, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let id = request.path("customer_id")?;
    let found = Found::<Customer>::find(env, &Customer::stream(id)).await?;
    let customer = found.ok_or_else(|| Problem::not_found("customer"))?.state;
    let record = ComplianceRecord {
        erasure: erasure::find(env, &customer.user_id).await?,
        checks: checks(env, id).await?,
        customer_id: customer.customer_id,
        user_id: customer.user_id,
        status: customer.status,
    };
    Response::json(200, &record)
}
