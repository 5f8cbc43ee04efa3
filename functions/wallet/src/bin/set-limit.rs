//! `PUT /api/wallets/me/limits`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_wallet::api::set_limit::handle)
}
