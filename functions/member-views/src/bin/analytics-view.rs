//! Keeps the view of registrations, revenue, churn and conversion.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_member_views::consumers::analytics_view::handle)
}
