//! The authorizer of the HTTP API.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_identity::authorizer::handle)
}
