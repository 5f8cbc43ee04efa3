//! Keeps the log of what people did.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_support::consumers::activity::handle)
}
