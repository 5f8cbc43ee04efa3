//! `GET /.well-known/jwks.json`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_identity::api::get_jwks::handle)
}
