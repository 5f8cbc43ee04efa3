//! `GET /api/orders/{id}/timeline`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_order::api::get_order_timeline::handle)
}
