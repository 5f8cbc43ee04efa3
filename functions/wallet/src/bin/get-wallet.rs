//! `GET /api/wallets/me`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_wallet::api::get_wallet::handle)
}
