//! `GET /api/requests/{request_id}/timeline`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_reporting::api::get_request_timeline::handle)
}
