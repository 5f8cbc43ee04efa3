//! Routes of the payment service.

pub mod create_deposit;
pub mod get_payment;
pub mod payment_callback;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("create-deposit", create_deposit::contract),
    ("get-payment", get_payment::contract),
    ("payment-callback", payment_callback::contract),
];
