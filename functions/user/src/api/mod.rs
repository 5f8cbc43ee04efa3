//! Routes of the user service.

pub mod get_visibility;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[("get-visibility", get_visibility::contract)];
