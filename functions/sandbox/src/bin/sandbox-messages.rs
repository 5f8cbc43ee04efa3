//! `POST /sandbox/messages`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sandbox::messages::handle)
}
