//! Ends the boosts of a profile that a schedule names.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_direct(quoin_user::ends::due)
}
