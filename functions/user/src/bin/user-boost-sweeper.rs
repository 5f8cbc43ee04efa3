//! Ends boosts of profiles that no schedule called for.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_user::ends::sweep)
}
