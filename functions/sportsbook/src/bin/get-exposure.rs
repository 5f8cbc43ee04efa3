//! `GET /api/fixtures/{event_id}/exposure`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sportsbook::api::get_exposure::handle)
}
