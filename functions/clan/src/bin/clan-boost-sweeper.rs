//! The hourly sweep over boosts of clans.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_clan::boost_end::sweep)
}
