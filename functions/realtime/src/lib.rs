//! The connection service: people's WebSocket connections, what they subscribe to, and the messages that events become.
//!
//! Invariants: a connection belongs to the one person whose ticket it took, and a ticket is good once; a person's own
//! channel reaches nobody else; of what is told about one thing, nothing older follows what is newer; a connection that
//! is gone is forgotten with its subscriptions. The service decides nothing and knows what it tells of by its event
//! alone: a new channel is a line of [`telling`].

pub mod api;
mod channel;
mod connection;
pub mod consumers;
mod latest;
mod message;
pub mod socket;
mod table;
mod telling;
mod ticket;
