//! `POST /api/subscriptions/{id}/renew`: the next period, now.

use quoin_events::types::ChargePurpose;
use quoin_membership_model::Plans;
use quoin_runtime::{Env, Problem, Request, Response};

#[cfg(feature = "schema")]
use super::answer::PaidPeriod;
use super::answer::refused;
use super::paid_command::carry_out;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Charges the next period of a subscription now; it begins where the last one ends")
        .idempotent()
        .answers::<PaidPeriod<'_>>(200)
        .answers::<PaidPeriod<'_>>(202)
        .refuses(402, &["PAYMENT_DECLINED"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(409, &["PAYMENT_IN_PROGRESS"])
        .refuses(422, &["SUBSCRIPTION_CANCELLED"])
}

/// Renews a subscription.
///
/// # Errors
/// 401, 402, 404, 409 while another payment is on its way, 422, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let plans = Plans::standard()?;
    carry_out(env, request, &"renew", ChargePurpose::Renewal, |subscription, _| {
        subscription.renewal(&plans).map_err(refused)
    })
    .await
}
