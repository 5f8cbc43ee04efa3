//! `GET /api/sagas/{id}`: where a registration stands. Its id is known to whoever began it, and says nothing of anybody.

use quoin_events::Timestamp;
use quoin_events::types::ChargeFailure;
use quoin_runtime::{Env, Found, Problem, Request, Response};
use serde::Serialize;

use crate::saga::{Saga, Status};

/// A registration and its steps.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Saga"))]
struct SagaView<'a> {
    /// The saga.
    saga_id: &'a str,
    /// Where it stands.
    status: Status,
    /// When it began.
    begun_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    /// Why it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<ChargeFailure>,
    /// Its steps, in order.
    steps: Vec<Step>,
    /// The customer, once it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    /// The subscription, once it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_id: Option<&'a str>,
    /// The payment, once it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<&'a str>,
}

/// A step of a registration.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SagaStep"))]
struct Step {
    /// `create_customer`, `process_payment`, `create_subscription` or `queue_welcome_email`.
    step: &'static str,
    /// Where it stands.
    status: Standing,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SagaStepStatus"))]
#[serde(rename_all = "snake_case")]
enum Standing {
    /// Its turn has not come, or never does.
    Waiting,
    /// It is under way.
    Running,
    /// It is done.
    Done,
    /// It came to nothing.
    Failed,
    /// It was done, and taken back.
    Compensated,
}

/// What the route answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Where a registration stands")
        .answers::<SagaView<'_>>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Tells where a registration stands.
///
/// # Errors
/// 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let id = request.path("id")?;
    let found = Found::<Saga>::find(env, &Saga::stream(id)).await?;
    let saga = found.ok_or_else(|| Problem::not_found("saga"))?.state;
    let ids = (saga.status == Status::Completed).then_some(&saga);
    let view = SagaView {
        saga_id: &saga.saga_id,
        status: saga.status,
        begun_at: saga.begun_at,
        ended_at: saga.ended_at,
        failure_reason: saga.failure_reason,
        steps: steps(saga.status),
        customer_id: ids.map(|saga| saga.customer_id.as_str()),
        subscription_id: ids.map(|saga| saga.subscription_id.as_str()),
        payment_id: ids.map(|saga| saga.payment_id.as_str()),
    };
    Response::json(200, &view)
}

fn steps(status: Status) -> Vec<Step> {
    use Standing::{Compensated, Done, Failed, Running, Waiting};
    let standings = match status {
        Status::Refused => [Failed, Waiting, Waiting, Waiting],
        Status::Paying => [Done, Running, Waiting, Waiting],
        Status::Completed => [Done, Done, Done, Done],
        Status::Compensated => [Compensated, Failed, Waiting, Waiting],
    };
    let names = ["create_customer", "process_payment", "create_subscription", "queue_welcome_email"];
    names.into_iter().zip(standings).map(|(step, status)| Step { step, status }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paid_for_is_there_and_what_is_not_is_taken_back() {
        let of = |status| steps(status).into_iter().map(|step| step.status).collect::<Vec<_>>();
        assert!(of(Status::Completed).iter().all(|status| *status == Standing::Done));
        assert_eq!(of(Status::Compensated)[..2], [Standing::Compensated, Standing::Failed]);
    }
}
