//! The routes of the service, a file each.

pub(crate) mod answer;
pub mod cancel_subscription;
pub mod change_plan;
pub mod charge_callback;
pub mod get_compliance;
pub mod get_saga;
mod paid_command;
pub mod register_member;
pub mod renew_subscription;
pub mod request_erasure;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("cancel-subscription", cancel_subscription::contract),
    ("change-plan", change_plan::contract),
    ("charge-callback", charge_callback::contract),
    ("get-compliance", get_compliance::contract),
    ("get-saga", get_saga::contract),
    ("register-member", register_member::contract),
    ("renew-subscription", renew_subscription::contract),
    ("request-erasure", request_erasure::contract),
];
