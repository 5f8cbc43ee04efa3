//! The contracts, as sentences.

mod compatibility;
mod documents;
mod inputs;
mod pattern;
mod rebuild;
mod samples;
mod subscriptions;
