//! `POST /sandbox/merchant/orders`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_sandbox::merchant::place::handle)
}
