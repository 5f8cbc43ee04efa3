//! Keeps the view of each subscription.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_member_views::consumers::subscription_view::handle)
}
