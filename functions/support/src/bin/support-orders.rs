//! Keeps the view of each order, event by event.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_support::consumers::support_orders::handle)
}
