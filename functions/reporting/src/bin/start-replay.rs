//! `POST /api/replays`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_reporting::api::start_replay::handle)
}
