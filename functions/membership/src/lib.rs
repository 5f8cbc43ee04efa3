//! Members: the registration saga, and what subscriptions are charged with.
//!
//! A payment has a stream of its own, `charge#<id>`, which holds the request before the provider is asked and the
//! provider's word after. What a payment is for ends in the same transaction as the payment: a registration (customer,
//! subscription and account), another period, another plan.
//!
//! Invariants: nobody pays without a subscription, nor twice, since a subscription and what pays for it are one write
//! and there is never more than one payment on its way; an outcome that is not known is asked about, never guessed; a
//! payment ends unpaid only with the provider's word that it will never be made; of a registration that comes to nothing
//! only the recorded facts are left, and nobody can read them.

pub mod api;
mod append;
mod charge;
mod charging;
mod compliance;
pub mod consumers;
mod erasure;
mod method;
mod registration;
pub mod renewal;
mod saga;
mod settle;
pub mod sweeper;
mod table;
