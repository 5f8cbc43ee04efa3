//! Tells people of what happened.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_notification::consumers::notify::handle_all)
}
