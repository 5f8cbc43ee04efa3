//! Stages an example of each renewal and cancellation.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_reporting::consumers::training_set::handle)
}
