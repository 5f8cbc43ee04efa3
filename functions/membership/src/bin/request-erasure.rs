//! `POST /api/users/me/erasure`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_membership::api::request_erasure::handle)
}
