//! `POST /api/clans/{id}/join`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_clan::api::join_clan::handle)
}
