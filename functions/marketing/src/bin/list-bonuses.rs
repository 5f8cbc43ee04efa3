//! `GET /api/bonuses/me`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_marketing::api::list_bonuses::handle)
}
