//! Routes of notifications: what one was told, how one wants to be told, and what providers report.

pub mod delivery_callback;
pub mod list_notifications;
pub mod set_preferences;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("delivery-callback", delivery_callback::contract),
    ("list-notifications", list_notifications::contract),
    ("set-preferences", set_preferences::contract),
];
