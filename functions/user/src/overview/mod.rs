//! What somebody has to do with boosts, gigs and clans, joined from the events of three services.
//!
//! Invariants: a row is the join of what each of its events tells alone, so that neither the order in which they come nor
//! how often changes it; who was forgotten has no rows, whatever comes later; no row holds a text that somebody wrote.

mod forget;
mod project;
mod row;
pub(crate) mod table;
mod told;

pub(crate) use forget::forget;
pub(crate) use project::project;
pub(crate) use row::{ClanRow, GigRow, GivenRow, Row};
pub(crate) use told::told;
