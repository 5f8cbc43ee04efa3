//! Pays what settlements change.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_wallet::consumers::payouts::handle)
}
