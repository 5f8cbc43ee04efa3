//! What the services share whose things are boosted: people, gigs, clans.
//!
//! Each has two tables of its own, which events of `credit.events` fill: one of boosts, one of what else credits were
//! spent and earned for. Of each target there is one row of what runs; it is all that a score is made of.
//!
//! Invariants: an event is taken once; a boost's row, what its target has from then on, the end of what is over with
//! its `boost_expired`, and the target's place in lists are one transaction; the end of a boost is the first item of a
//! stream of its own, so nobody can tell of it twice. This crate knows no SDK of AWS and none of the services.

mod consume;
mod end;
mod rows;
mod settle;
mod target;
mod view;

pub use consume::consume;
pub use end::{Due, Ended, Swept, end_due, sweep};
pub use rows::{standing, standing_key, standing_of};
pub use target::Boosted;
pub use view::note_view;
