//! Shows merchants their orders.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_merchant::consumers::merchant_orders::handle)
}
