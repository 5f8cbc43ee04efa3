//! `clan_credit_queue`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_clan::consumers::clan_credit_queue::handle)
}
