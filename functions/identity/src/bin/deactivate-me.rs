//! `POST /api/users/me/deactivate`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_identity::api::deactivate_me::handle)
}
