//! `GET /api/gigs`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_gig::api::list_gigs::handle)
}
