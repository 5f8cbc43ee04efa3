//! Asks about payments that stay open.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_payment::sweeper::handle)
}
