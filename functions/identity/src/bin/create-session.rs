//! `POST /api/sessions`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_identity::api::create_session::handle)
}
