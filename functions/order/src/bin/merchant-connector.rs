//! Brings paid orders to their merchants.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_order::consumers::merchant_connector::handle)
}
