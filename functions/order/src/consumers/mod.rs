//! What the order service does on its own events.

pub mod merchant_connector;
pub mod order_fulfilment;
pub mod order_projector;
