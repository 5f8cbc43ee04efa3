//! `GET /api/dead-letters`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_operations::api::list_dead_letters::handle)
}
