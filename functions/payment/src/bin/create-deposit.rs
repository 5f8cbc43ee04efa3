//! `POST /api/payments/deposits`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_payment::api::create_deposit::handle)
}
