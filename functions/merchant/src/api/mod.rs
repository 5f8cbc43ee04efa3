//! Routes for merchants' managers and operators.

pub mod list_commissions;
pub mod list_merchant_orders;
pub mod put_commission_rate;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("list-commissions", list_commissions::contract),
    ("list-merchant-orders", list_merchant_orders::contract),
    ("put-commission-rate", put_commission_rate::contract),
];
