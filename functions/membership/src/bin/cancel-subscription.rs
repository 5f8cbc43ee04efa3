//! `POST /api/subscriptions/{id}/cancel`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_membership::api::cancel_subscription::handle)
}
