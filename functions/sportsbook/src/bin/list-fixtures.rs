//! `GET /api/fixtures`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sportsbook::api::list_fixtures::handle)
}
