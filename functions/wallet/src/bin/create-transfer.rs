//! `POST /api/wallets/me/transfers`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_wallet::api::create_transfer::handle)
}
