//! What boosts bring: what happened to their targets day by day, and what that comes to.
//!
//! | row of the table `targets` | what |
//! |---|---|
//! | `days#<kind>#<day>` / `<hash>#<target>` | views and orders of a target on a day, and whether a boost touches it |
//! | `seen#<event id>` / `-` | that an event is counted, in the transaction that counts it |
//! | `effects#<kind>` / `<day>` | what the boosts came to that began in the four weeks up to that day |
//!
//! Rows of days and marks expire with the copies of their events. Within a day targets are in the order of a hash, so
//! the first of each day are the same ones: a sample that nothing they do can move them into.

mod analytics;
mod day;
mod fact;
mod kind;
mod rows;
mod sample;

pub(crate) use analytics::Analytics;
pub(crate) use day::{of as day_of, text};
pub(crate) use fact::{Fact, facts};
pub(crate) use kind::Kind;
pub(crate) use rows::{TABLE, commit, is_forgotten, seen};
pub(crate) use sample::{Sample, span_of};
