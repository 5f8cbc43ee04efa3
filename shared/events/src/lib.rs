//! The event catalogue: the envelope every event travels in, the data of every event type, and the
//! table that says where each of them goes and how long copies of it are kept.
//!
//! Invariants: names and fields are spelled as the sources spell them; optional members are
//! omitted, never null; a reader tolerates members it does not know. This crate knows no AWS.

mod catalogue;
mod draft;
mod envelope;
mod sealed;
mod timestamp;
pub mod types;

pub use catalogue::{CATALOGUE, EventData, EventType, Topic, event_type};
pub use draft::{Cause, Draft, Origin, Place};
pub use envelope::{BusEvent, EntityRef, Envelope, Metadata, WalletRef};
pub use sealed::Sealed;
pub use timestamp::{ParseTimestampError, Timestamp};
