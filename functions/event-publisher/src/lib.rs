//! From the journal's stream to the bus: the only place from which anything is published.
//!
//! Invariants: every event of a new journal item is handed to the bus at least once before the stream
//! moves on, or stands in the queue of unpublished events with its key and reason; an entry that failed
//! is retried alone. Envelopes are passed on as the texts they were stored as, never parsed. Its SDK is
//! its own, since nobody else talks to the bus.

mod batch;
mod bus;
mod publish;
mod record;

pub use publish::{StreamEvent, StreamResponse, handle};
