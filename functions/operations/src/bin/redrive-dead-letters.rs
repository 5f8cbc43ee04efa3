//! `POST /api/dead-letters/{queue}/redrive`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_operations::api::redrive_dead_letters::handle)
}
