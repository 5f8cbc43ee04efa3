//! `PUT /api/order-campaigns/{code}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_order::api::put_order_campaign::handle)
}
