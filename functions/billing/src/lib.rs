//! Invoices for what subscriptions cost.
//!
//! Invariants: a payment has one invoice, whichever event tells of it first and however often; the numbers of a year
//! have no gaps, since the counter, the invoice and its claim on the payment are one transaction; an invoice is never
//! changed; its net, its tax and its lines add up to what was paid. The name is kept as it is sealed, and the document
//! is sealed too: without the customer's key neither can be read, and the figures stay. Invoices follow payments and
//! move nothing.

pub mod api;
mod archive;
pub mod consumers;
mod document;
mod invoice;
mod issue;
mod name;
mod payment;
mod table;
