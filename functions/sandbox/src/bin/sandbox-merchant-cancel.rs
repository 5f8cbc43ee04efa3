//! `POST /sandbox/merchant/orders/{id}/cancel`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sandbox::merchant::cancel::handle)
}
