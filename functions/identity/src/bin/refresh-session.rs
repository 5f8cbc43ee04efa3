//! `POST /api/sessions/refresh`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_identity::api::refresh_session::handle)
}
