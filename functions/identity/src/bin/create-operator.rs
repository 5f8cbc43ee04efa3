//! Makes an operator's account; invoked with IAM.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_identity::operator::handle)
}
