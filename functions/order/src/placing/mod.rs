//! Placing an order: what is asked for, what it is decided on, and the one commit that comes of it.
//!
//! Nothing stands between validation and payment: an order is paid, or refused, in the transaction that writes it.

mod cart;
mod loaded;
mod person;
mod propose;
mod refused;

pub(crate) use cart::PlaceOrder;
pub(crate) use loaded::load;
pub(crate) use propose::{Placing, Shop};
