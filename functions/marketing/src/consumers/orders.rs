//! `order.created`: loyalty points for what was paid, and cashback that is set aside until it is due.
//!
//! Both are one commit, which the first item of the order's points lets happen once. An order that is created is
//! final, so nothing is ever taken back.

use quoin_events::types::{LoyaltyPointsUpdated, LoyaltyReason, Money, OrderCreated};
use quoin_events::{BusEvent, Draft, EntityRef, EventData, Timestamp};
use quoin_money::{Amount, Asset, Delta};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Append, Commit, StoreError, Stream, Update};
use serde::Serialize;

use crate::cashback::Cashback;
use crate::rules::points_for;
use crate::table;
use crate::write::{Written, write};

/// What an order was given.
#[derive(Debug, Serialize)]
struct Earned<'a> {
    user_id: &'a str,
    points: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    cashback: Option<&'a Cashback>,
}

/// Gives points for an order and sets its cashback aside.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    if delivery.event().event != OrderCreated::NAME {
        return Ok(Outcome::Ignored("not an order that is final"));
    }
    let order: OrderCreated = delivery.data()?;
    let per_unit: Amount = env.config.parse_or("LOYALTY_POINTS_PER_UNIT", Amount::ZERO)?;
    // Whatever assets paid it, an order's total is counted in the operating currency.
    let paid = Money { amount: order.pricing.total, asset: Asset::Cash };
    let points = points_for(&paid, per_unit).map_err(Failure::poison)?;
    let cashback = Cashback::of(&env.config, &order, delivery.event())?;
    if points.is_zero() && cashback.is_none() {
        return Ok(Outcome::Ignored("the order earns nothing"));
    }
    let commit = earning(table::name(env)?, &order, points, cashback.as_ref(), delivery.context.now)?;
    match write(env, &delivery.context, commit).await? {
        Written::Done => Ok(Outcome::Applied),
        Written::Taken(_) | Written::Blocked(_) => Ok(Outcome::Duplicate),
    }
}

fn earning(
    table: &str,
    order: &OrderCreated,
    points: Amount,
    cashback: Option<&Cashback>,
    now: Timestamp,
) -> Result<Commit, StoreError> {
    let (user_id, order_id) = (order.user_id.as_str(), order.order_id.as_str());
    let state = Earned { user_id, points, cashback };
    let mut append = Append::first(Stream::new("points", format!("order:{order_id}:created")), now).state(&state)?;
    let mut commit = Commit::new();
    if !points.is_zero() {
        let event = LoyaltyPointsUpdated {
            user_id: user_id.to_owned(),
            points: Delta::plus(points),
            reason: LoyaltyReason::OrderCreated,
            related_entity: EntityRef { kind: "order".to_owned(), id: order_id.to_owned() },
        };
        append = append.events([Draft::new(&event, now)?]);
        commit = commit.update(Update::of(table, table::loyalty(user_id)).add("points", points));
    }
    if let Some(cashback) = cashback {
        commit = cashback.set_aside(commit, table)?;
    }
    Ok(commit.append(append))
}
