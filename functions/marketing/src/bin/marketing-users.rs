//! Welcomes new users and keeps segments.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_marketing::consumers::users::handle)
}
