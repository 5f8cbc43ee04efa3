//! `POST /api/subscriptions/{id}/renew`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_membership::api::renew_subscription::handle)
}
