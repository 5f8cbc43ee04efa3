//! Routes of reporting; all of them for operators.

pub mod get_audit_trail;
pub mod get_boost_analytics;
pub mod get_replay;
pub mod get_report;
pub mod get_request_timeline;
mod replay_view;
pub mod start_replay;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("get-audit-trail", get_audit_trail::contract),
    ("get-boost-analytics", get_boost_analytics::contract),
    ("get-replay", get_replay::contract),
    ("get-report", get_report::contract),
    ("get-request-timeline", get_request_timeline::contract),
    ("start-replay", start_replay::contract),
];
