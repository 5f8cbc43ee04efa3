//! Replay: events of a span of time go to one consumer again, out of the warehouse.
//!
//! They go to the consumer's queue and never to the bus, so nobody else hears of them. Consumers recognise what they
//! have applied, so sending an event twice changes nothing, and live events may come in between. A replay knows how
//! far it is: what is stopped halfway goes on there.

mod consumers;
mod lines;
mod record;
mod run;

pub(crate) use consumers::{find, names};
pub(crate) use record::{MOST_DAYS, Replay};
pub use run::handle;
