//! Routes of the members' read models.

pub mod get_analytics;
pub mod get_customer;
pub mod get_subscription;
pub mod list_subscriptions;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("get-analytics", get_analytics::contract),
    ("get-customer", get_customer::contract),
    ("get-subscription", get_subscription::contract),
    ("list-subscriptions", list_subscriptions::contract),
];
