//! What merchants see of their orders and of the platform's commissions: projections of order events, never the truth.
//!
//! Invariants: an order is shown as its latest event in the order's stream left it, whatever the order in which events
//! arrive; sums change with the rows that they sum, in one transaction; nothing personal is kept. Only operators and
//! the merchant's managers see any of it.

mod access;
pub mod api;
mod commission;
pub mod consumers;
mod order;
mod table;
mod totals;
