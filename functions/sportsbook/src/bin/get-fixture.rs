//! `GET /api/fixtures/{event_id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sportsbook::api::get_fixture::handle)
}
