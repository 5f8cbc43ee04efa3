//! `GET /api/clans`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_clan::api::list_clans::handle)
}
