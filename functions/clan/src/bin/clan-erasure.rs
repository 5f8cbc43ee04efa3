//! Removes names of clans whose author was forgotten.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_clan::consumers::clan_erasure::handle)
}
