//! `POST /api/bets`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sportsbook::api::place_bet::handle)
}
