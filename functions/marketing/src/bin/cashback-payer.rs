//! Grants cashback that is due.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_marketing::cashback_payer::handle)
}
