//! `POST /api/bets/{id}/cancel`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sportsbook::api::cancel_bet::handle)
}
