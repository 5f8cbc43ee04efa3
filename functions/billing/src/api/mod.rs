//! Routes for customers, who see their own invoices, and operators, who see all.

pub mod get_invoice;
pub mod list_invoices;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts =
    &[("get-invoice", get_invoice::contract), ("list-invoices", list_invoices::contract)];
