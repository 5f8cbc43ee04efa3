//! `POST /api/gigs/{id}/payments`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_gig::api::pay_gig::handle)
}
