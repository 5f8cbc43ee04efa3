//! `POST /api/credits/purchases`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_credit::api::buy_credits::handle)
}
