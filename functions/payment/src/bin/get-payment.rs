//! `GET /api/payments/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_payment::api::get_payment::handle)
}
