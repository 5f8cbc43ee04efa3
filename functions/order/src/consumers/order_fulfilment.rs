//! `bizone.order_created`: the merchant has the order, so it is final. The order's own state says whether it is, so a
//! message that comes twice changes nothing.

use quoin_events::BusEvent;
use quoin_events::types::BizoneOrderCreated;
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::fulfilment::Fact;
use crate::order::Status;
use crate::pursuit::Book;
use crate::record::{Journal, find};

/// Makes a confirmed order final.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let BizoneOrderCreated { rabtul_order_id, .. } = delivery.data()?;
    let found = find(env, &rabtul_order_id).await?;
    let order = found.ok_or_else(|| Failure::transient("the order does not exist yet"))?.state;
    if order.status == Status::Created {
        return Ok(Outcome::Duplicate);
    }
    let after = Journal::of(env, &delivery.context, &order)?.record(Fact::Published).await?;
    match after.status {
        Status::Created => Ok(Outcome::Applied),
        Status::Paid => Err(Failure::transient("the order is not confirmed")),
        Status::Failed => Ok(Outcome::Ignored("the order came to nothing")),
    }
}
