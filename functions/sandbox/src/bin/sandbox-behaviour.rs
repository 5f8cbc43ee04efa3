//! `PUT /sandbox/behaviour`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sandbox::behaviour::handle)
}
