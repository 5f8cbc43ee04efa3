//! `POST /api/realtime/tickets`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_realtime::api::create_realtime_ticket::handle)
}
