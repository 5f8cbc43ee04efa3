//! Routes of the support service.

pub mod get_order;
pub mod list_activity;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts =
    &[("get-support-order", get_order::contract), ("list-activity", list_activity::contract)];
