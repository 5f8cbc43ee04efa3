//! The jobs written by hand, as near to the wire as std and one TLS library allow: what no SDK could beat.
//!
//! One thread, one connection to the Runtime API, one to the service, no retry of the network.

pub mod authorizer;
pub mod clock;
pub mod debit;
pub mod endpoint;
pub mod exact;
pub mod http;
pub mod json;
pub mod place_bet;
pub mod publisher;
pub mod receipt;
pub mod runtime;
pub mod sign;
pub mod table;

/// What ends an invocation, or the initialisation, without an answer.
pub type Error = Box<dyn std::error::Error>;

/// How often a commit is tried while the wallet moves underneath.
pub const ATTEMPTS: usize = 5;

/// A variable that a function cannot do without.
pub fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| format!("{name} is not set").into())
}
