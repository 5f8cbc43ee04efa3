//! `PUT /api/users/{id}/kyc`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_identity::api::set_kyc::handle)
}
