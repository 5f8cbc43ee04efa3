//! `GET /sandbox/merchant/orders/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sandbox::merchant::standing::handle)
}
