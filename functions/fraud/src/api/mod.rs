//! Routes of the fraud service; all of them for operators.

pub mod clear_fraud_user;
pub mod get_fraud_rule;
pub mod get_fraud_user;
pub mod put_fraud_rule;
mod rule_view;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("clear-fraud-user", clear_fraud_user::contract),
    ("get-fraud-rule", get_fraud_rule::contract),
    ("get-fraud-user", get_fraud_user::contract),
    ("put-fraud-rule", put_fraud_rule::contract),
];
