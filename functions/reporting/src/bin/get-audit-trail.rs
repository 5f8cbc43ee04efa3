//! `GET /api/audit/{entity_type}/{entity_id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_reporting::api::get_audit_trail::handle)
}
