//! `GET /api/sagas/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_membership::api::get_saga::handle)
}
