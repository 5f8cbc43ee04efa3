//! Writes staged events into the warehouse.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_reporting::export::handle)
}
