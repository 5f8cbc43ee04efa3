//! `GET /api/gigs/{id}/priority`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_gig::api::get_gig_priority::handle)
}
