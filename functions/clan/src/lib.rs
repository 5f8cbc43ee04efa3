//! Clans: who belongs to one, what its members give to it, and what its reputation is made of.
//!
//! Invariants: a clan's stream, its row and its places in the lists are one transaction; a clan that is open has a
//! founder who is a member, and at most a hundred members; a contribution is one transaction with the wallet that gives
//! it, and is counted once, however often its event comes; reputation is all that members have ever given, and what
//! boosts count.

pub mod api;
pub mod boost_end;
mod boosted;
mod clan;
pub mod consumers;
mod contribution;
mod known;
mod table;
