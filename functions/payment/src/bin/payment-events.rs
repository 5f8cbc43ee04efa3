//! Keeps the open payments and the proof of notice.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_payment::consumers::payment_events::handle)
}
