//! Goes on with orders that waited, and writes what was measured as metrics.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_reporting::monitor::handle)
}
