//! Fills what the views of orders lack.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_support::sweeper::handle)
}
