//! Removes titles of gigs whose author was forgotten.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_gig::consumers::gig_erasure::handle)
}
