//! Members' read models and their routes: customers, subscriptions, and what operators count of them.
//!
//! Invariants: nothing here decides anything or is the truth of anything; a row says what the journal says of its entity
//! (`quoin-views`), so events may come in any order and again; each view has a table of its own, and each route reads
//! one view only. A person sees what is the own, operators see everything, and personal fields are opened for their
//! owner alone.

mod access;
pub mod api;
pub mod consumers;
mod figures;
