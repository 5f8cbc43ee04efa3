//! `POST /api/clans/{id}/contributions`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_clan::api::contribute::handle)
}
