//! Routes of the general ledger; all of them for operators.

use quoin_events::Timestamp;
use serde::Serialize;

use crate::period::Closed;

pub mod close_period;
mod day;
pub mod get_trial_balance;
pub mod list_gl_entries;
pub mod list_periods;
mod month;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("close-period", close_period::contract),
    ("get-trial-balance", get_trial_balance::contract),
    ("list-gl-entries", list_gl_entries::contract),
    ("list-periods", list_periods::contract),
];

/// Whether anything can be entered in a month.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlPeriodStatus"))]
#[serde(rename_all = "snake_case")]
enum Status {
    /// It can.
    Open,
    /// Never again.
    Closed,
}

/// A month of the general ledger.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlPeriod"))]
struct Period {
    /// In UTC, as `2026-01`.
    month: String,
    /// Whether anything can be entered in it.
    status: Status,
    /// When it was closed; absent for an open one.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    /// The operator who closed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<String>,
}

impl Period {
    const fn open(month: String) -> Self {
        Self { month, status: Status::Open, closed_at: None, closed_by: None }
    }

    fn closed(month: String, closed: Closed) -> Self {
        Self { month, status: Status::Closed, closed_at: Some(closed.at), closed_by: Some(closed.by) }
    }
}
