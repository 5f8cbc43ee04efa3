//! A registration as a saga: where it stands, and what it was answered.

use quoin_events::Timestamp;
use quoin_events::types::ChargeFailure;
use quoin_store::{Answer, Stream};
use serde::{Deserialize, Serialize};

/// Where a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SagaStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// A rule of ours refused it; nothing was begun.
    Refused,
    /// The customer is there, and the payment is on its way.
    Paying,
    /// It is paid, and there is a subscription.
    Completed,
    /// The payment came to nothing, and the customer was deleted.
    Compensated,
}

/// A registration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Saga {
    pub(crate) saga_id: String,
    pub(crate) status: Status,
    pub(crate) customer_id: String,
    pub(crate) user_id: String,
    pub(crate) subscription_id: String,
    pub(crate) payment_id: String,
    pub(crate) plan: String,
    pub(crate) request_id: String,
    pub(crate) begun_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure_reason: Option<ChargeFailure>,
    /// What it was answered in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<Answer>,
}

impl Saga {
    /// The stream of a registration.
    pub(crate) fn stream(saga_id: &str) -> Stream {
        Stream::new("saga", saga_id)
    }
}
