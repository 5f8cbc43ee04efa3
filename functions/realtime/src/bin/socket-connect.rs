//! `$connect`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_realtime::socket::connect::handle)
}
