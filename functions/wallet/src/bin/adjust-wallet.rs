//! `POST /api/wallets/{user_id}/adjustments`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_wallet::api::adjust_wallet::handle)
}
