//! The payment service: deposits, from the request to the provider's word on them.
//!
//! A deposit is a saga with one outside party. Its stream `payment#<id>` holds the request before the
//! provider is called, the provider's reference after, and what the provider said in the end.
//!
//! Invariants: a payment succeeds at most once, and a success is never lost, in whatever order callbacks,
//! answers and the expiry arrive ([`payment`] is where that is decided); a call to the provider carries
//! the payment's id as its key, so asking again asks for the same payment; an outcome that is not known
//! is asked about, never guessed, and a payment is open until the provider decides it. Money itself moves in the wallet, which follows `DepositSuccess`.

mod advance;
pub mod api;
pub mod consumers;
mod open;
mod pace;
mod payment;
pub mod sweeper;
