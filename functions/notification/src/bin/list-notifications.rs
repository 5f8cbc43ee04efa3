//! `GET /api/notifications`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_notification::api::list_notifications::handle)
}
