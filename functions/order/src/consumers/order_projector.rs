//! The line of an order in its owner's list, and the row that keeps it open for the sweeper. Both are written as the
//! order's stream has it when an event comes, whichever that is: events that repeat or come late change nothing, since
//! a line loses against one of a later version, and an open row that outlives its order is taken away by the sweeper.

use quoin_events::BusEvent;
use quoin_runtime::{Delivery, Env, Failure, Open, Outcome, open_key};
use quoin_store::{Head, Item, Update};
use serde::Deserialize;

use crate::order::{Order, Status};
use crate::record::{Found, find};
use crate::table::{self, TABLE};

#[derive(Deserialize)]
struct About {
    #[serde(alias = "rabtul_order_id")]
    order_id: String,
}

/// Follows an order.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let About { order_id } = delivery.data()?;
    let found = find(env, &order_id).await?;
    let Found { head, state: order } = found.ok_or_else(|| Failure::transient("the order does not exist yet"))?;
    let name = env.config.table(TABLE)?;
    let is_newer = env.store.update(line(name, &head, &order)?).await?;
    match order.status {
        Status::Paid => env.store.put(name, open_row(&order)).await?,
        Status::Created | Status::Failed => env.store.delete(name, &open_key(&order_id)).await?,
    }
    Ok(if is_newer { Outcome::Applied } else { Outcome::Duplicate })
}

fn line(name: &str, head: &Head, order: &Order) -> Result<Update, Failure> {
    let key = table::order_line(&order.user_id, order.placed_at, &order.order_id);
    let update = Update::of(name, key).number("version", head.version).json("order", order)?;
    Ok(update.if_newer("version", head.version))
}

/// The row of an order that has not ended.
fn open_row(order: &Order) -> Item {
    Open::row(&order.order_id, order.placed_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;

    #[test]
    fn every_event_of_an_order_names_it() {
        for event in ["order.paid", "bizone.order_created", "order.created", "order.failed"] {
            let path = format!("{}/../../events/catalogue/{event}.json", env!("CARGO_MANIFEST_DIR"));
            let event: quoin_events::Envelope = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            assert!(!event.data::<About>().unwrap().order_id.is_empty());
        }
    }

    #[test]
    fn an_open_row_tells_since_when() {
        assert_eq!(open_row(&order()).get_text("at"), Some("1970-01-01T00:00:01.000Z"));
    }
}
