//! `GET /api/fraud/users/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_fraud::api::get_fraud_user::handle)
}
