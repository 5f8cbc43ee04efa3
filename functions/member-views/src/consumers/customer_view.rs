//! Keeps the view of each customer.

use quoin_events::BusEvent;
use quoin_runtime::{Batch, Env, Failure, Outcome};
use quoin_views::View;

/// Brings the view to where the streams of a batch are.
pub async fn handle(env: &Env, batch: &Batch<BusEvent>) -> Vec<Result<Outcome, Failure>> {
    super::followed(env, batch, View::Customers).await
}
