//! `GET /api/wallets/{user_id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_wallet::api::get_user_wallet::handle)
}
