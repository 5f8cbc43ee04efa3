//! Gives loyalty points for bets and takes them back.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_marketing::consumers::bets::handle)
}
