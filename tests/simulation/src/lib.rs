//! The whole platform in one process: the real handlers over SDK clients whose transport is replaced, driven by one
//! seeded scheduler with a virtual clock, under faults that the seed chooses.
//!
//! `cloud` is what AWS is to the functions, `platform` what Lambda is to them, `gateway` the HTTP API. The model and
//! the invariants know the platform only from outside: its answers, its tables, its events.

mod actors;
mod audit;
mod books;
mod cloud;
pub mod command_line;
mod effects;
mod expected;
pub mod faults;
mod feed;
pub mod findings;
mod gateway;
pub mod history;
mod invariants;
mod model;
mod money;
pub mod mutants;
pub mod parallel;
pub mod people;
mod platform;
mod reached;
pub mod scenario;
pub mod scheduler;
pub mod shrink;
pub mod trace;
mod wire;
