//! `GET /api/payments/{id}`: where a payment of the caller's stands.

use quoin_events::Timestamp;
use quoin_events::types::DepositFailure;
use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Serialize;

use crate::advance::find;
use crate::payment::{Payment, Status};

/// A payment as its owner sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PaymentView {
    /// The payment.
    payment_id: String,
    /// Where it stands.
    status: Status,
    /// How much.
    amount: Amount,
    /// Of what.
    asset: Asset,
    /// How the provider is paid.
    method: String,
    /// When it was asked for.
    initiated_at: Timestamp,
    /// The provider's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_reference: Option<String>,
    /// Where the provider wants the user to go on; while it is undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
    /// Why it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<DepositFailure>,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        // Nobody is sent to a provider that has decided.
        let is_open = payment.status == Status::Initiated;
        Self {
            payment_id: payment.payment_id,
            status: payment.status,
            amount: payment.amount,
            asset: payment.asset,
            method: payment.method,
            initiated_at: payment.initiated_at,
            provider_reference: payment.provider_reference,
            redirect_url: payment.redirect_url.filter(|_| is_open),
            failure_reason: payment.failure_reason,
        }
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("One of the caller's payments").answers::<PaymentView>(200)
}

/// Answers with a payment of the caller's.
///
/// # Errors
/// 401, 404 (also for another user's payment) or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let found = find(env, request.path("id")?).await?;
    let own = found.filter(|found| found.state.user_id == caller.user_id && found.state.status != Status::Refused);
    let payment = own.ok_or_else(|| Problem::not_found("payment"))?.state;
    Response::json(200, &PaymentView::from(payment))
}
