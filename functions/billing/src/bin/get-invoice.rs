//! `GET /api/invoices/{number}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_billing::api::get_invoice::handle)
}
