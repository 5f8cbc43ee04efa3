//! Gigs: work that is offered, done and paid in credits, and what boosts make of its place in the list.
//!
//! Invariants: a gig's stream, its row and its places in the lists are one transaction; a gig is completed once and paid
//! once, by its owner to who completed it, and the payment moves both wallets in the transaction that tells of it; a
//! boost is counted once, however often its event comes; titles are in the clear in rows alone, until their owner is
//! forgotten.

pub mod api;
pub mod boost_end;
mod boosted;
pub mod consumers;
mod gig;
mod known;
mod payment;
mod table;
