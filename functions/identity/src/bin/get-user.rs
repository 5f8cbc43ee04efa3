//! `GET /api/users/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_identity::api::get_user::handle)
}
