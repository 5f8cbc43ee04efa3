//! Scores people by what they do.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_fraud::consumers::fraud_detection::handle)
}
