//! `PUT /api/notifications/preferences`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_notification::api::set_preferences::handle)
}
