//! Sees to subscriptions' payments that stay open, and to renewals that are late.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_membership::sweeper::handle)
}
