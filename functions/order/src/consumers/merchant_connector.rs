//! `order.paid`: the merchant is asked to take the order, again on the schedule until it says something, and asked to
//! let it be when the schedule is at its end. A message about an order that is decided, or that comes twice, changes
//! nothing; what stays open goes to the dead letters with its reason, and the sweeper keeps asking.

use quoin_events::BusEvent;
use quoin_events::types::OrderPaid;
use quoin_runtime::{Batch, Delivery, Env, Failure, Outcome, side_by_side};

use crate::fulfilment::Next;
use crate::merchant::HttpMerchant;
use crate::pursuit::{Pursued, deliver};
use crate::record::{Journal, find};

/// Brings the orders of a batch to their merchants, side by side: a slow one holds up nobody else.
pub async fn handle(env: &Env, batch: &Batch<BusEvent>) -> Vec<Result<Outcome, Failure>> {
    side_by_side(env, batch, async |env, delivery| Box::pin(one(env, delivery)).await).await
}

async fn one(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let OrderPaid { order_id, .. } = delivery.data()?;
    let found = find(env, &order_id).await?;
    let order = found.ok_or_else(|| Failure::transient("the order does not exist yet"))?.state;
    if order.next() == Next::Nothing {
        return Ok(Outcome::Duplicate);
    }
    let journal = Journal::of(env, &delivery.context, &order)?;
    let merchant = HttpMerchant::of(env, &delivery.context)?;
    match deliver(&journal, &merchant, &order, delivery.is_last).await? {
        Pursued::Decided => Ok(Outcome::Applied),
        Pursued::Open(reason) => Err(Failure::Transient(reason)),
    }
}
