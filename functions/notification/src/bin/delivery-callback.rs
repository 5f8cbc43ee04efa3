//! `POST /api/notifications/callbacks/{provider}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_notification::api::delivery_callback::handle)
}
