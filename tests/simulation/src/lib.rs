//! The whole platform in one process: the real handlers over SDK clients whose transport is replaced, driven by one
//! seeded scheduler with a virtual clock, under faults that the seed chooses.
//!
//! `cloud` is what AWS is to the functions, `platform` what Lambda is to them, `gateway` the HTTP API. The model and
//! the invariants know the platform only from outside: its answers, its tables, its events.

mod actors;
mod audit;
mod books;
mod buying;
mod cloud;
pub mod command_line;
pub mod credits;
mod effects;
mod expected;
pub mod faults;
mod feed;
pub mod findings;
mod follower;
mod gateway;
mod handled;
pub mod history;
mod invariants;
mod members;
mod messenger;
mod model;
mod money;
pub mod mutants;
mod newcomers;
mod packed;
pub mod parallel;
pub mod people;
mod platform;
mod reached;
pub mod rehearsal;
pub mod scenario;
pub mod scheduler;
pub mod shop;
pub mod shrink;
mod timers;
pub mod trace;
mod warehouse;
mod wire;
