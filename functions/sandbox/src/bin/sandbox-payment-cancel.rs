//! `POST /sandbox/payments/{id}/cancel`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sandbox::payment_cancel::handle)
}
