//! Orders that stay open: their merchants are asked about them, and those that nobody brought to an end in time, for
//! whatever reason, are given up, which refunds them only if their merchant cannot have them.

use quoin_events::{Cause, Origin};
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics, Open, Pace, open_key, sweep};
use quoin_store::Item;
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::fulfilment::Fact;
use crate::merchant::HttpMerchant;
use crate::order::Status;
use crate::pursuit::{Book, Pursued, look_after};
use crate::record::{Journal, find};
use crate::table::TABLE;

/// What one order may take: two calls to the merchant and the writes after them.
const RESERVE_MS: i64 = 15_000;

/// What one sweep did.
#[derive(Debug, Default, Serialize)]
pub struct Swept {
    looked_at: u64,
    decided: u64,
    open: u64,
    /// Open although the time is over after which they are given up: their merchants do not let them be, or their
    /// money does not go back.
    overdue: u64,
}

impl Swept {
    /// Counts what became of an order; the reason, if it stays open.
    fn count(&mut self, outcome: Result<Pursued, Failure>, is_over: bool) -> Option<String> {
        self.looked_at = self.looked_at.saturating_add(1);
        let reason = match outcome {
            Ok(Pursued::Decided) => {
                self.decided = self.decided.saturating_add(1);
                return None;
            }
            Ok(Pursued::Open(reason)) => reason,
            Err(failure) => failure.to_string(),
        };
        self.open = self.open.saturating_add(1);
        self.overdue = self.overdue.saturating_add(u64::from(is_over));
        Some(reason)
    }
}

/// Looks at every order that has been open for long.
///
/// # Errors
/// If the open rows cannot be read; an order that fails is looked at by the next sweep.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Swept, Failure> {
    let (pace, now) =
        (Pace::of(env, ("MERCHANT_ASK_SECONDS", 60), ("MERCHANT_GIVE_UP_SECONDS", 7_200))?, env.clock.now());
    let see = async |row: &Item| {
        let open = Open::read(row).filter(|open| pace.is_due(open, now))?;
        let is_over = pace.is_over(&open, now);
        Some((look(env, invocation, &open, is_over).await, is_over, open.id))
    };
    let mut swept = Swept::default();
    for (outcome, is_over, order_id) in sweep(env, invocation, env.config.table(TABLE)?, RESERVE_MS, see).await? {
        if let Some(reason) = swept.count(outcome, is_over) {
            tracing::warn!(order_id, reason, is_over, "order stays open");
        }
    }
    metrics.metric("OpenOrders", swept.open, "Count");
    metrics.metric("OverdueOrders", swept.overdue, "Count");
    Ok(swept)
}

/// Sees to one order.
async fn look(env: &Env, invocation: &Invocation, open: &Open, is_over: bool) -> Result<Pursued, Failure> {
    let found = find(env, &open.id).await?;
    let order = found.ok_or_else(|| Failure::transient("there is no such order"))?.state;
    if order.status != Status::Paid {
        // Its end was followed before its row was written.
        env.store.delete(env.config.table(TABLE)?, &open_key(&open.id)).await?;
        return Ok(Pursued::Decided);
    }
    let origin = Origin { request_id: order.request_id.clone(), traceparent: None, cause: Cause::Request };
    let context = Context::of_message(&env.clock, invocation, origin);
    let (journal, merchant) = (Journal::of(env, &context, &order)?, HttpMerchant::of(env, &context)?);
    if is_over && order.fulfilment.confirmation.is_some() {
        // The event that tells so was lost on its way back.
        journal.record(Fact::Published).await?;
        return Ok(Pursued::Decided);
    }
    look_after(&journal, &merchant, &order, is_over).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_events::Timestamp;

    #[test]
    fn an_order_is_left_to_the_connector_then_asked_about_then_given_up() {
        let pace = Pace { ask_ms: 60_000, end_ms: 7_200_000 };
        let row = Item::new().text("sk", "order_1").text("at", Timestamp::from_millis(1_000).to_string());
        let open = Open::read(&row).unwrap();
        let state =
            |ms| (pace.is_due(&open, Timestamp::from_millis(ms)), pace.is_over(&open, Timestamp::from_millis(ms)));
        assert_eq!(state(60_999), (false, false));
        assert_eq!(state(61_000), (true, false));
        assert_eq!(state(7_201_000), (true, true));
        assert_eq!(Open::read(&Item::new().text("sk", "order_1")), None);
    }

    #[test]
    fn an_order_that_stays_open_after_its_time_is_overdue() {
        let mut swept = Swept::default();
        let open = || Ok(Pursued::Open("pending".to_owned()));
        assert_eq!(swept.count(open(), false).as_deref(), Some("pending"));
        assert_eq!(swept.count(Ok(Pursued::Decided), true), None);
        assert_eq!((swept.looked_at, swept.decided, swept.open, swept.overdue), (2, 1, 1, 0));
        assert!(swept.count(open(), true).is_some());
        assert!(swept.count(Err(Failure::transient("no answer")), true).is_some());
        assert_eq!((swept.looked_at, swept.open, swept.overdue), (4, 3, 2));
    }
}
