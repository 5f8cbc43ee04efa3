//! `POST /api/clans/{id}/leave`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_clan::api::leave_clan::handle)
}
