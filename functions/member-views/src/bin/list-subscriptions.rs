//! `GET /api/subscriptions`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_member_views::api::list_subscriptions::handle)
}
