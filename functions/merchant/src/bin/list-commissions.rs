//! `GET /api/merchants/{id}/commissions`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_merchant::api::list_commissions::handle)
}
