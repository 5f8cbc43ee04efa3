//! Records every event.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_reporting::consumers::audit::handle)
}
