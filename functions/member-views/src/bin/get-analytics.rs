//! `GET /api/analytics/{view}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_member_views::api::get_analytics::handle)
}
