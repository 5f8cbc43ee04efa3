//! `GET /api/users/me/overview`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_user::api::get_overview::handle)
}
