//! Joins boosts, gigs and clans by person.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_user::consumers::overview_projector::handle)
}
