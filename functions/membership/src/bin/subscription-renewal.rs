//! Renews a subscription that the scheduler names.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_membership::renewal::handle)
}
