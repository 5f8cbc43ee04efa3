//! Posts the callbacks that are due.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_sandbox::callbacks::handle)
}
