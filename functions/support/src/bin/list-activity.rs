//! `GET /api/activity`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_support::api::list_activity::handle)
}
