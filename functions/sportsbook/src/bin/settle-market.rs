//! Hands on the bets of a settled market.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_worker(quoin_sportsbook::consumers::settle_market::handle)
}
