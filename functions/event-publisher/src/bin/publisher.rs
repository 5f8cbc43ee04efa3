//! Publishes the journal's stream.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_event_publisher::handle)
}
