//! The notification service: text messages, e-mails and push messages about what happened.
//!
//! Invariants: at most one message per event, person and channel, however often the event arrives: the
//! intent is recorded first, the provider is called with the notice's id as its key, the result is
//! recorded last. A person's data is opened only to render and to send; in the table, in events and in
//! failures there is ciphertext or nothing.

pub mod api;
pub mod consumers;
mod contact;
mod deliver;
mod facts;
mod library;
mod money_text;
mod notice;
mod preferences;
mod provider;
mod render;
mod routing;
mod table;
