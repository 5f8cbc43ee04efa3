//! Keeps the lists of orders and the open ones.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_order::consumers::order_projector::handle)
}
