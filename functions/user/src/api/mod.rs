//! Routes of the user service.

pub mod get_overview;
pub mod get_visibility;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts =
    &[("get-overview", get_overview::contract), ("get-visibility", get_visibility::contract)];
