//! `GET /api/clans/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_clan::api::get_clan::handle)
}
