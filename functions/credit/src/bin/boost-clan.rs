//! `POST /api/credits/boost/clan`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_credit::api::boost_clan::handle)
}
