//! `PUT /api/merchants/{id}/products/{product_id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_order::api::put_product::handle)
}
