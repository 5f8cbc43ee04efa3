//! `GET /sandbox/payments/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sandbox::payment_status::handle)
}
