//! Computes what boosts brought.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_reporting::boost_analytics::handle)
}
