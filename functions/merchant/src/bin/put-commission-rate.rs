//! `PUT /api/merchants/{id}/commission-rate`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_merchant::api::put_commission_rate::handle)
}
