//! The user service of source 003: how visible a profile is, and the record of what credits moved for a person.
//!
//! Invariants: a visibility is the sum of the boosts that run, worked out when it is asked for, so that it goes down at
//! the very moment; each boost ends once.

pub mod api;
pub mod consumers;
pub mod ends;
mod profile;
