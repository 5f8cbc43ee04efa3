//! The support view: every event of an order, in its sequence.

use quoin_events::{BusEvent, Envelope};
use quoin_runtime::{Delivery, Env, Failure, InOrder, Outcome};
use quoin_store::Commit;

use crate::order_view::OrderView;
use crate::table;

const DAY_SECONDS: i64 = 86_400;

/// The consumer's name and rows.
#[derive(Debug)]
pub(crate) struct SupportOrders;

impl InOrder for SupportOrders {
    const NAME: &'static str = "support-orders";
    const TABLE: &'static str = "support";
    /// As long as copies of `order.created`; the view stays as long after the latest event.
    const KEEP_DAYS: u16 = 365;
    type State = OrderView;

    async fn apply(env: &Env, event: &Envelope, state: Option<OrderView>) -> Result<(Commit, OrderView), Failure> {
        let view = OrderView::after(state, event)?;
        let expires = view.updated_at.plus_seconds(i64::from(Self::KEEP_DAYS).saturating_mul(DAY_SECONDS)).seconds();
        let row = table::item(table::order(&view.order_id)).json("view", &view)?.number("expires", expires);
        Ok((Commit::new().put(table::name(env)?, row), view))
    }
}

/// Takes an event of an order.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    quoin_runtime::in_order::<SupportOrders>(env, delivery).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_kept_as_long_as_copies_of_the_order() {
        let kept = quoin_events::event_type("order.created").map(|event| event.retention_days);
        assert_eq!(kept, Some(SupportOrders::KEEP_DAYS));
    }
}
