//! `GET /api/loyalty/me`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_marketing::api::get_loyalty::handle)
}
