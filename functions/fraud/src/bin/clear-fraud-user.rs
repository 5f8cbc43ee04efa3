//! `POST /api/fraud/users/{id}/clear`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_fraud::api::clear_fraud_user::handle)
}
