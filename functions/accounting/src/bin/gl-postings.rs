//! Enters what wallets and orders do into the general ledger.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_accounting::consumers::gl_postings::handle)
}
