//! `POST /register`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_membership::api::register_member::handle)
}
