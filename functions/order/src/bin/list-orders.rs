//! `GET /api/orders`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_order::api::list_orders::handle)
}
