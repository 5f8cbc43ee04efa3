//! Keeps the commission of each order.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_merchant::consumers::commissions::handle)
}
