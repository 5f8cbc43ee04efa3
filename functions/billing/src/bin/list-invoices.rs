//! `GET /api/invoices`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_billing::api::list_invoices::handle)
}
