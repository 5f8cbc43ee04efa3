//! Credits: bought with a wallet's cash, spent on boosts.
//!
//! Invariants: what is paid, what it is paid for and what tells of it are one transaction; a refusal is one item; of
//! one target no more boosts run at once than may; nobody boosts their own profile. What a boost comes to is the
//! matter of the service whose thing is boosted.

pub mod api;
mod boost;
mod purchase;
mod receipt;
mod table;
mod target;
