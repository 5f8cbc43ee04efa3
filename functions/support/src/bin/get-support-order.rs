//! `GET /api/support/orders/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_support::api::get_order::handle)
}
