//! Tells the scheduler when subscriptions are charged next.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_membership::consumers::subscription_scheduler::handle)
}
