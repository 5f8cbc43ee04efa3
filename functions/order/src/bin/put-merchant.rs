//! `PUT /api/merchants/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_order::api::put_merchant::handle)
}
