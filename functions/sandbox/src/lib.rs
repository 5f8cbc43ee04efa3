//! Stand-in providers of payments and messages, and a stand-in for merchants, deployed only where no real ones are wanted. They are
//! outside parties in every respect: reached over HTTP, answering late or not at all, calling back with
//! signatures, and knowing nothing of the platform's tables.
//!
//! Invariants: every route wants the credential that the platform shows its providers; a request with a
//! key that was seen is answered as before and has no further effect; a switched failure happens exactly
//! as often as it was asked for, however many requests come at once.

mod access;
pub mod behaviour;
pub mod callbacks;
pub mod inbox;
pub mod merchant;
pub mod messages;
mod outcome;
pub mod payment_cancel;
pub mod payment_status;
pub mod payments;
mod requested;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("sandbox-behaviour", behaviour::contract),
    ("sandbox-inbox", inbox::contract),
    ("sandbox-merchant-cancel", merchant::cancel::contract),
    ("sandbox-merchant-order", merchant::standing::contract),
    ("sandbox-merchant-orders", merchant::place::contract),
    ("sandbox-messages", messages::contract),
    ("sandbox-payment-cancel", payment_cancel::contract),
    ("sandbox-payment-status", payment_status::contract),
    ("sandbox-payments", payments::contract),
];
