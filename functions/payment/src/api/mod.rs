//! Routes of the payment service.

pub mod create_deposit;
pub mod get_payment;
pub mod payment_callback;
