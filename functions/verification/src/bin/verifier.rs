//! Verifies wallets that have changed, and what is on its way.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_verification::verifier::handle)
}
