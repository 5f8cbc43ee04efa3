//! `GET /api/credits/me`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_credit::api::get_credits::handle)
}
