//! `GET /api/merchants/{id}/orders`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_merchant::api::list_merchant_orders::handle)
}
