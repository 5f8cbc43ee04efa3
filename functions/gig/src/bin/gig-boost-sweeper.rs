//! The hourly sweep over boosts of gigs.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_gig::boost_end::sweep)
}
