//! Indexes bets under their markets.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_sportsbook::consumers::bet_indexer::handle)
}
