//! `GET /api/order-rules`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_order::api::order_rules::get)
}
