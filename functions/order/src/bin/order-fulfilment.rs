//! Makes confirmed orders final.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_order::consumers::order_fulfilment::handle)
}
