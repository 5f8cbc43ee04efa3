//! `POST /api/subscriptions/{id}/plan`: another plan, from now on.

use quoin_events::types::ChargePurpose;
use quoin_membership_model::{Plans, Refusal};
use quoin_money::Asset;
use quoin_runtime::{Env, Problem, Request, Response};
use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
use super::answer::PaidPeriod;
use super::answer::refused;
use super::paid_command::carry_out;

/// What a subscription is to be of.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct NewPlan {
    /// `monthly` or `yearly`.
    plan: String,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Another plan from now on; what is left of the paid period is taken off its price")
        .idempotent()
        .takes::<NewPlan>()
        .answers::<PaidPeriod<'_>>(200)
        .answers::<PaidPeriod<'_>>(202)
        .refuses(400, &["PLAN_INVALID"])
        .refuses(402, &["PAYMENT_DECLINED"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(409, &["PAYMENT_IN_PROGRESS"])
        .refuses(422, &["SUBSCRIPTION_CANCELLED", "SUBSCRIPTION_PAST_DUE", "PLAN_UNCHANGED", "AMOUNT_OUT_OF_RANGE"])
}

/// Changes the plan.
///
/// # Errors
/// 400, 401, 402, 404, 409 while another payment is on its way, 422, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.idempotency_key()?;
    let (plans, scale) = (Plans::standard()?, env.config.scales()?.of(Asset::Cash));
    let wanted: NewPlan = request.json()?;
    let plan = plans.find(&wanted.plan).cloned().ok_or_else(|| refused(Refusal::NoSuchPlan))?;
    carry_out(env, request, &wanted, ChargePurpose::PlanChange, |subscription, now| {
        subscription.plan_change(&plan, now, scale).map_err(refused)
    })
    .await
}
