//! `gig_credit_queue`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_gig::consumers::gig_credit_queue::handle)
}
