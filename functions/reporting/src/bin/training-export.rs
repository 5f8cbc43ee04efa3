//! Writes staged examples into the training set.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_reporting::training_export::handle)
}
