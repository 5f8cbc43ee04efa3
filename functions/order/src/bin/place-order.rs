//! `POST /api/orders`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_order::api::place_order::handle)
}
