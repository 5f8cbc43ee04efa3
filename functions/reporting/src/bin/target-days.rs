//! Counts what happens to what is boosted, a day.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_reporting::consumers::target_days::handle)
}
