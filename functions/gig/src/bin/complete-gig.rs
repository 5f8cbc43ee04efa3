//! `POST /api/gigs/{id}/completion`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_gig::api::complete_gig::handle)
}
