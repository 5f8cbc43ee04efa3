//! The data warehouse's copy of the bus: every event is one line of an object in a bucket, once.
//!
//! Batches of events are staged as rows of a table, compressed, and a scheduled function writes them into objects: per
//! event type and day, in parts of some size. Which part an event belongs to follows from the moment at which it
//! happened and from the parts alone, so however often and late it comes, it is merged into the same object.

mod bounds;
#[cfg(test)]
mod exports;
mod line;
mod packed;
mod partition;
mod parts;
mod settled;
mod staged;
mod staging;

pub(crate) use bounds::{keep_bounds, known_bounds};
pub(crate) use line::Line;
#[cfg(test)]
pub(crate) use line::tests::line as line_of_test;
pub(crate) use partition::Partition;
pub(crate) use parts::{Part, Parts};
pub(crate) use settled::Settled;
pub(crate) use staged::{Lines, staged_between};
pub(crate) use staging::{Row, Walk, remove, stage, stage_again};
