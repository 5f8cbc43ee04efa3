//! What the payment service learns from the bus.

pub mod payment_events;
