//! `GET /api/merchants/{id}/products`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_order::api::list_products::handle)
}
