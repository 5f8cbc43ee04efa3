//! `GET /api/users/{id}/visibility`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_user::api::get_visibility::handle)
}
