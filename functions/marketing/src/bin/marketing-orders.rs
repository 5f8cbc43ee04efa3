//! Points and cashback for orders.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_marketing::consumers::orders::handle)
}
