//! `GET /api/subscriptions/{id}`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_member_views::api::get_subscription::handle)
}
