//! Tells connections of events.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_realtime::consumers::fan_out::handle)
}
