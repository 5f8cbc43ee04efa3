//! Rewards first deposits and referrals.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_marketing::consumers::deposits::handle)
}
