//! Orders: catalogue, rules, the debit, the merchant's part, refunds.
//!
//! Invariants: an order, its debit, its stock and its events are one transaction; prices are the server's; the order's
//! stream is its whole saga; an order that the merchant has, or may have, is never refunded.

pub mod api;
mod catalogue;
pub mod consumers;
mod fulfilment;
mod merchant;
mod order;
mod order_view;
mod payment;
mod placing;
mod pricing;
mod pursuit;
mod record;
mod refund;
mod rules;
pub mod sweeper;
mod table;
