//! Customers and subscriptions: event-sourced aggregates, and the plans that subscriptions are of.
//!
//! Invariants: the state of an aggregate is the fold of its events and of nothing else; a decision gives events, and
//! the state after it is what they make of the state before; what is stored beside the events is a snapshot, which
//! anybody may work out again. Amounts are exact, and what is paid plus what is credited is the price. This crate knows
//! nothing of I/O, clocks or AWS.

mod calendar;
mod customer;
mod fold;
mod ids;
mod plan;
mod quote;
mod subscription;
mod upcast;

pub use calendar::after_months;
pub use customer::{Customer, CustomerEvent, CustomerStatus};
pub use fold::{Aggregate, FoldError, Told, fold, told};
pub use ids::{customer_of, first_payment_of};
pub use plan::{Plan, Plans};
pub use quote::Quote;
pub use subscription::{Charging, Refusal, Subscription, SubscriptionEvent, SubscriptionStatus};
