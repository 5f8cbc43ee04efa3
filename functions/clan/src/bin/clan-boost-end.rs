//! What a boost's schedule calls.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_clan::boost_end::handle)
}
