//! Measures the stages of orders. Events of an order are taken in order, and each measure is a row in the transaction
//! that moves the order's cursor: an event measures once, however often it comes. Events that are applied again after
//! the cursor expired measure nothing.

use quoin_events::{Envelope, Timestamp};
use quoin_runtime::{Env, Failure, InOrder};
use quoin_store::{Commit, Item, Key};

use crate::measure::{Measure, Moments};

/// How many partitions measures are spread over.
pub(crate) const SHARDS: u64 = 4;
/// Measures are taken up within a minute; nobody looks at those of the day before yesterday.
const EXPIRES_SECONDS: i64 = 2 * DAY_SECONDS;
const DAY_SECONDS: i64 = 86_400;

/// The consumer.
#[derive(Debug)]
pub struct OrderMonitor;

impl InOrder for OrderMonitor {
    const NAME: &'static str = "order-monitor";
    const TABLE: &'static str = "monitor";
    /// An order that its merchant decides later than that is read from the journal again.
    const KEEP_DAYS: u16 = 30;
    type State = Moments;

    async fn apply(env: &Env, event: &Envelope, state: Option<Moments>) -> Result<(Commit, Moments), Failure> {
        let mut moments = state.unwrap_or_default();
        let measure = moments.next(event).map_err(Failure::poison)?;
        let commit = Commit::new();
        let Some(measure) = measure.filter(|_| is_young(event, env.clock.now())) else { return Ok((commit, moments)) };
        let shard = env.clock.random_below(SHARDS);
        let expires = env.clock.now().plus_seconds(EXPIRES_SECONDS).seconds();
        let row = row(shard, event.event_id(), &measure)?.number("expires", expires);
        Ok((commit.put(env.config.table(Self::TABLE)?, row), moments))
    }
}

/// Whether an event cannot have been measured by a cursor that expired since.
fn is_young(event: &Envelope, now: Timestamp) -> bool {
    let kept = i64::from(OrderMonitor::KEEP_DAYS).saturating_sub(1).saturating_mul(DAY_SECONDS);
    event.timestamp.parse().is_ok_and(|at: Timestamp| at.plus_seconds(kept) >= now)
}

/// Partition of the measures that are to be written to the log.
pub(crate) fn measures_pk(shard: u64) -> String {
    format!("measures#{shard}")
}

fn row(shard: u64, event_id: &str, measure: &Measure) -> Result<Item, Failure> {
    let key = Key::new(measures_pk(shard), event_id);
    Ok(Item::new().text("pk", key.pk).text("sk", key.sk).json("measure", measure)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_may_have_been_measured_by_an_expired_cursor_measures_nothing() {
        let text = include_str!("../../../../events/catalogue/order.paid.json");
        let event: Envelope = serde_json::from_str(text).unwrap();
        let at: Timestamp = event.timestamp.parse().unwrap();
        assert!(is_young(&event, at.plus_seconds(29 * DAY_SECONDS)));
        assert!(!is_young(&event, at.plus_seconds(29 * DAY_SECONDS + 1)));
    }
}
