//! Settles a chunk of bets.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_worker(quoin_sportsbook::consumers::settle_bets::handle)
}
