//! The wallet service: what is there, what moved, and the credits that follow from other services' events.
//!
//! Invariant: every credit carries a business operation id and its receipt `op#<operation>`, so whichever
//! path comes first pays and no path pays twice.

pub mod api;
pub mod consumers;
mod credit;
mod direct;
mod journal_view;
mod moving;
mod snapshot;

pub use direct::wallet_command;
