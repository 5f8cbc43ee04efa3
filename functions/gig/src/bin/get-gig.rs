//! `GET /api/gigs/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_gig::api::get_gig::handle)
}
