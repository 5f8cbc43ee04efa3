//! `GET /api/boosts/analytics`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_reporting::api::get_boost_analytics::handle)
}
