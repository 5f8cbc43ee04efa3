//! Keeps bet lists and standings up to date.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_sportsbook::consumers::sportsbook_events::handle)
}
