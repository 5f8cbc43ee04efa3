//! Sends what replays ask for.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_reporting::replay::handle)
}
