//! The consumer that issues invoices.

pub mod invoice_generator;
