//! Asks about orders that stay open.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_order::sweeper::handle)
}
