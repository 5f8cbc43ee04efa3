//! `order.created`: what the platform keeps of it. The row and the sums of its month are one transaction; the row's key
//! follows from the event, so a second delivery changes nothing.

use std::time::Duration;

use quoin_events::types::OrderCreated;
use quoin_events::{BusEvent, EventData, Timestamp};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Commit, Key, Lost, Query, StoreError, Update};

use crate::commission::{self, Commission, Rate};
use crate::table;

/// How often a commission is tried that others got in the way of.
const TRIES: u64 = 6;

/// Keeps the commission of an order.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    if delivery.event().event != OrderCreated::NAME {
        return Ok(Outcome::Ignored("not a final order"));
    }
    let order: OrderCreated = delivery.data()?;
    let percent = rate_at(env, &order.merchant_id, order.created_at).await?;
    let scale = env.config.scales()?.of(Asset::Cash);
    let kept = Commission {
        order_id: order.order_id,
        order_total: order.pricing.total,
        percent,
        commission: commission::of(order.pricing.total, percent, scale).map_err(Failure::poison)?,
        created_at: order.created_at,
    };
    for attempt in 1..=TRIES {
        match env.store.commit(commit(env, &order.merchant_id, &kept)?, &delivery.context.origin).await {
            Ok(()) => return Ok(Outcome::Applied),
            Err(StoreError::Lost(lost)) => match *lost {
                Lost::Other { .. } => return Ok(Outcome::Duplicate),
                Lost::Append { .. } | Lost::Wallet(_) => {
                    return Err(Failure::poison("commissions have neither journal nor wallets"));
                }
            },
            Err(StoreError::Conflict) => {
                let pause = env.clock.random_below(attempt.saturating_mul(40));
                env.clock.sleep(Duration::from_millis(pause)).await;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn commit(env: &Env, merchant_id: &str, kept: &Commission) -> Result<Commit, Failure> {
    let (table, month) = (table::name(env)?, table::month(kept.created_at));
    let sk = format!("{}#{}", kept.created_at, kept.order_id);
    let row = table::item(Key::new(table::commissions_pk(merchant_id, &month), sk)).json("commission", kept)?;
    let sums = Update::of(table, table::shard(env, table::commission_totals_pk(merchant_id, &month)))
        .add("orders", 1)
        .add("order_total", kept.order_total)
        .add("commission", kept.commission);
    Ok(Commit::new().put_new(table, row).update(sums))
}

/// The rate that held when an order was created: the merchant's latest one from before, or the stage's.
async fn rate_at(env: &Env, merchant_id: &str, created_at: Timestamp) -> Result<Amount, Failure> {
    let last = created_at.plus_millis(-1).to_string();
    let query = Query::of(table::rates_pk(merchant_id)).between("0", last).descending().limit(1).consistent();
    let page = env.store.query(table::name(env)?, query).await?;
    match page.items.first() {
        Some(item) => Ok(Rate::read(item)?.percent),
        None => Ok(env.config.parse_or("COMMISSION_PERCENT", Amount::ZERO)?),
    }
}
