//! `POST /api/payments/callbacks/{provider}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_payment::api::payment_callback::handle)
}
