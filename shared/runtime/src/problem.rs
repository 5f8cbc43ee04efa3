//! What a caller is told when something is wrong: RFC 9457 problem details with a stable code.
//!
//! Inner layers know no HTTP; this is the one place where an error becomes an answer. What the caller
//! sees is here, what operators see is in the log.

use quoin_ledger::Rejection;
use quoin_store::{Answer, StoreError};
use serde::Serialize;

use crate::Failure;

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// JSON pointer to the field.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// A refusal as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// Stable code in capitals.
    pub code: &'static str,
    /// What is wrong, for a person.
    pub detail: String,
    /// The fields that are wrong.
    pub errors: Vec<FieldError>,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
    /// Further members of the problem document.
    pub members: serde_json::Map<String, serde_json::Value>,
    /// What only the log is told.
    pub(crate) internal: Option<String>,
}

/// Why a request was not carried out, as RFC 9457 has it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Problem"))]
struct Document<'a> {
    /// A URN that follows from the code.
    r#type: String,
    /// The status in words.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// What is wrong, for a person.
    detail: &'a str,
    /// What is wrong, for a program; stable.
    code: &'a str,
    /// The `X-Request-Id` of the answer.
    request_id: &'a str,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    #[cfg_attr(feature = "schema", schemars(with = "Option<schema::Members>"))]
    #[serde(flatten)]
    members: &'a serde_json::Map<String, serde_json::Value>,
}

/// Schema of every problem.
#[cfg(feature = "schema")]
pub const PROBLEM: crate::SchemaOf = schemars::SchemaGenerator::subschema_for::<Document<'static>>;

/// What [`Problem::with`] adds to some problems.
#[cfg(feature = "schema")]
mod schema {
    use std::collections::BTreeMap;

    use quoin_events::Timestamp;
    use quoin_events::types::{OrderFailureReason, OrderFailureStage, OrderValidations, WalletLimitReached};
    use quoin_money::{Amount, Asset, Odds};

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only described")]
    pub(super) struct Members {
        /// The code of each field that is wrong, by its pointer.
        codes: Option<BTreeMap<String, String>>,
        /// What there is too little of.
        asset: Option<Asset>,
        /// What was asked of it.
        amount_required: Option<Amount>,
        /// What there is of it.
        amount_available: Option<Amount>,
        /// The limit that is reached.
        limit: Option<WalletLimitReached>,
        /// The most that is allowed.
        maximum: Option<Amount>,
        /// The odds as they are now.
        odds: Option<Odds>,
        /// The end of the exclusion in force.
        self_excluded_until: Option<Timestamp>,
        /// The order that came to nothing.
        order_id: Option<String>,
        /// Why it did.
        failure_reason: Option<OrderFailureReason>,
        /// How far it had come.
        failure_stage: Option<OrderFailureStage>,
        /// Whether nothing of it is left.
        rollback_completed: Option<bool>,
        /// What each validation said; false where it refused the order.
        validations: Option<OrderValidations>,
        /// The registration that is under way, or came to nothing.
        saga_id: Option<String>,
        /// The payment that is on its way, or came to nothing.
        payment_id: Option<String>,
    }
}

impl Problem {
    /// A problem of `status` with a stable `code`.
    #[must_use]
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            members: serde_json::Map::new(),
            internal: None,
        }
    }

    /// 400: the request is malformed at `pointer`.
    #[must_use]
    pub fn field(code: &'static str, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(400, code, "the request is malformed").at(pointer, detail)
    }

    /// 404: there is no such thing, or it is not the caller's.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "NOT_FOUND", format!("there is no such {what}"))
    }

    /// 422: a rule refuses it.
    #[must_use]
    pub fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(422, code, detail)
    }

    /// The same with a field that is wrong.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// The same with a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.members.insert(name.to_owned(), value);
        }
        self
    }

    /// The document for the request `request_id`.
    #[must_use]
    pub fn document(&self, request_id: &str) -> String {
        let document = Document {
            r#type: format!("urn:quoin:problem:{}", self.code.to_lowercase().replace('_', "-")),
            title: Self::title(self.status),
            status: self.status,
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
            members: &self.members,
        };
        serde_json::to_string(&document).unwrap_or_else(|_| "{}".to_owned())
    }

    /// The problem as a stored answer: repeated with the same key, it is given again.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn answer(&self, request_id: &str) -> Result<Answer, serde_json::Error> {
        let body = serde_json::value::RawValue::from_string(self.document(request_id))?;
        Ok(Answer { status: self.status, body })
    }

    /// A status in words.
    #[must_use]
    pub const fn title(status: u16) -> &'static str {
        match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            402 => "Payment Required",
            403 => "Forbidden",
            404 => "Not Found",
            409 => "Conflict",
            410 => "Gone",
            413 => "Content Too Large",
            422 => "Unprocessable Content",
            429 => "Too Many Requests",
            503 => "Service Unavailable",
            _ => "Internal Server Error",
        }
    }

    fn internal(detail: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(500, "INTERNAL", "something went wrong on our side; nothing is lost");
        problem.internal = Some(detail.to_string());
        problem
    }

    fn unavailable(detail: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(503, "UNAVAILABLE", "try again shortly");
        problem.retry_after = Some(1);
        problem.internal = Some(detail.to_string());
        problem
    }

    pub(crate) fn contended() -> Self {
        let mut problem = Self::new(429, "TOO_MANY_AT_ONCE", "too many requests change this at once; nothing was done");
        problem.retry_after = Some(1);
        problem
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict | StoreError::Lost(_) => Self::contended(),
            StoreError::Unavailable(_) => Self::unavailable(error),
            StoreError::Refused(_) => Self::internal(error),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Transient(reason) => Self::unavailable(reason),
            Failure::Poison(reason) => Self::internal(reason),
        }
    }
}

impl From<crate::ConfigError> for Problem {
    fn from(error: crate::ConfigError) -> Self {
        Self::internal(error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

impl From<&Rejection> for Problem {
    fn from(rejection: &Rejection) -> Self {
        let problem = Self::refused(rejection.code(), rejection.to_string());
        match rejection {
            Rejection::InsufficientBalance { asset, required, available } => {
                problem.with("asset", asset).with("amount_required", required).with("amount_available", available)
            }
            Rejection::LimitReached(reached) => problem.with("limit", reached.as_ref()),
            Rejection::SelfExcluded
            | Rejection::Closed
            | Rejection::UnknownHold
            | Rejection::HoldExists
            | Rejection::CaptureAboveHold
            | Rejection::AlreadyExpired
            | Rejection::ZeroAmount
            | Rejection::Money(_) => problem,
        }
    }
}
