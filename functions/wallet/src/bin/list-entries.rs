//! `GET /api/wallets/me/entries`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_wallet::api::list_entries::handle)
}
