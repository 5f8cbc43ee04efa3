//! `POST /api/charges/callbacks/{provider}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_membership::api::charge_callback::handle)
}
