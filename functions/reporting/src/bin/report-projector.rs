//! Counts what happens a day.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_reporting::consumers::report_projector::handle)
}
