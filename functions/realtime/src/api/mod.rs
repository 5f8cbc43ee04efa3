//! The route that lets people in.

pub mod create_realtime_ticket;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[("create-realtime-ticket", create_realtime_ticket::contract)];
