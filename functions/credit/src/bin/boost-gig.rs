//! `POST /api/credits/boost/gig`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_credit::api::boost_gig::handle)
}
