//! The audit log: chains of links, one per event, that nobody can alter, remove, add or exchange unseen.
//!
//! A link says which event it is of and what its envelope hashes to, never what it holds: nothing in the log is
//! personal, and nothing of it has to go when a person is erased. Each link holds the hash of the one before, and its
//! own over all of it. Chains are several, so that writers do not all meet; an entity's links are in one chain. Beside
//! the links there is a mark per event, written with its link: an event has one link however often it comes.
//!
//! What the chain cannot tell by itself, the journal does: a link at the end that is gone, and one that was put there
//! for an event that never was.

mod check;
mod link;
mod walk;

pub use check::{AuditBreak, AuditKind, ChainCheck};
pub use link::{GENESIS, Link, Mark, SHARDS, Stored, chain_pk, is_logged, shard_of};
pub use walk::{AuditProgress, AuditReport, AuditWalk};
