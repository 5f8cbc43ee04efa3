//! Stages every event for the warehouse.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_reporting::consumers::warehouse::handle)
}
