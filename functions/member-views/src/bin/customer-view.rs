//! Keeps the view of each customer.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_member_views::consumers::customer_view::handle)
}
