//! Checks what has to be checked when subscriptions end, and goes on with erasures.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_membership::consumers::compliance_check::handle)
}
