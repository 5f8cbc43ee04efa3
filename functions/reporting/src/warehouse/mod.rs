//! The data warehouse's copy of the bus: every event is one line of an object in a bucket, once.
//!
//! Events are staged as rows of a table, keyed by the event, and a scheduled function writes them into objects: per
//! event type and day, in parts of some size. Which part an event belongs to follows from the moment at which it
//! happened and from the parts alone, so however often and late it comes, it is merged into the same object.

mod line;
mod parts;
mod staging;

pub(crate) use line::Line;
#[cfg(test)]
pub(crate) use line::tests::line as line_of_test;
pub(crate) use parts::{Part, Parts};
pub(crate) use staging::{
    Mark, Partition, Staged, clear, keep_bounds, known_bounds, marks, remove, stage, staged, staged_between,
};
