//! The contracts, as sentences.

mod compatibility;
mod documents;
mod inputs;
mod open_api;
mod order_flow;
mod pattern;
mod rebuild;
mod references;
mod samples;
mod subscriptions;
