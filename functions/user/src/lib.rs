//! The user service: how visible a profile is, the record of what credits moved for a person, and the
//! overview of their boosts, gigs and clans.
//!
//! Invariants: a visibility is the sum of the boosts that run, worked out when it is asked for, so that it goes down at
//! the very moment; each boost ends once.

pub mod api;
pub mod consumers;
pub mod ends;
mod overview;
mod profile;
