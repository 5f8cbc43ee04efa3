//! The notification service: text messages, e-mails and push messages about what happened.
//!
//! Invariants: at most one message per event, person and channel, however often the event arrives: the
//! intent is recorded first, the provider is called with a key that is always the same for the notice, the result is
//! recorded last; an order is told at most once that it was confirmed. A person's data is opened only to render and to
//! send; in the table, in events and in failures there is ciphertext or nothing.

pub mod api;
mod confirmation;
pub mod consumers;
mod contact;
mod deliver;
mod facts;
mod library;
mod member_facts;
mod money_text;
mod notice;
mod order_facts;
mod outcomes;
mod person;
mod preferences;
mod prepared;
mod provider;
mod reason_text;
mod record;
mod reference;
mod render;
mod routing;
mod table;
