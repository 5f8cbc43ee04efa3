//! Ends sessions and marks contact points because of events.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_identity::consumers::identity_events::handle)
}
