//! `POST /api/feeds/betradar`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sportsbook::api::betradar_feed::handle)
}
