//! The payment provider: what is asked of it, what it answers, and what it calls back with.
//!
//! Invariants: every question may be asked any number of times, since a payment's id is its key; a provider is believed
//! only about the payment and the sum that it was asked for; an answer that is not understood is silence, never a guess.
//! This crate knows nothing of what payments are for.

mod callback;
mod http;
mod provider;

pub use callback::{Callback, believed};
pub use http::{HttpProvider, provider_name};
pub use provider::{Decision, Order, Provider, Silence, Standing, Taken};
