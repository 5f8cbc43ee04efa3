//! `GET /api/replays/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_reporting::api::get_replay::handle)
}
