//! Writing what is learnt of an order at the end of its stream. An order that fails gives back what it took in the
//! same commit.

use std::cell::RefCell;

use quoin_events::Timestamp;
use quoin_ledger::{Wallet, Window};
use quoin_runtime::{Context, Env, Failure, advance};
use quoin_store::{Append, Commit, Head, Snapshot, StoreError};

use crate::fulfilment::{Fact, Step};
use crate::order::Order;
use crate::pursuit::Book;
use crate::refund;
use crate::table::TABLE;

/// An order and where its stream ends.
pub(crate) type Found = quoin_runtime::Found<Order>;

/// The order `order_id`, if there is one.
pub(crate) async fn find(env: &Env, order_id: &str) -> Result<Option<Found>, StoreError> {
    Found::find(env, &Order::stream(order_id)).await
}

/// The stream of one order.
pub(crate) struct Journal<'a> {
    env: &'a Env,
    context: Context,
    order_id: &'a str,
    table: &'a str,
    calendar: Window,
}

/// What is decided on: the order, and the wallet if money may go back to it.
#[derive(Debug)]
struct Known {
    head: Head,
    order: Order,
    wallet: Option<Wallet>,
}

impl Snapshot for Known {
    fn rebase(&mut self, wallet: Wallet) {
        self.wallet = Some(wallet);
    }
}

impl<'a> Journal<'a> {
    /// The stream of `order`. What is written belongs to the request that the order came with.
    pub(crate) fn of(env: &'a Env, context: &Context, order: &'a Order) -> Result<Self, Failure> {
        Ok(Self {
            env,
            context: context.on_behalf_of(&order.request_id),
            order_id: &order.order_id,
            table: env.config.table(TABLE)?,
            calendar: env.config.calendar()?,
        })
    }

    async fn load(&self, fact: &Fact) -> Result<Known, StoreError> {
        let found = find(self.env, self.order_id).await?;
        let Found { head, state: order } =
            found.ok_or_else(|| StoreError::Unavailable("the order is not there".to_owned()))?;
        let wallet = if fact.may_refund() { self.env.store.wallet(&order.user_id).await? } else { None };
        Ok(Known { head, order, wallet })
    }
}

impl Known {
    /// The order after `fact`, and what to write for it; counters are in `table`.
    fn after(
        &self,
        fact: &Fact,
        now: Timestamp,
        table: &str,
        calendar: Window,
    ) -> Result<(Order, Option<Commit>), StoreError> {
        let Self { head, order, wallet } = self;
        // One moment for all of a commit, and time never goes back in it.
        let at = wallet.as_ref().map_or(now, |wallet| now.max(wallet.at)).max(head.at);
        let step = order.after(fact, at);
        let is_failed = match &step {
            Step::Failed(..) => true,
            Step::Nothing | Step::Noted(_) | Step::Confirmed { .. } | Step::Created { .. } => false,
        };
        let Some((next, events)) = step.outcome(at)? else { return Ok((order.clone(), None)) };
        let mut commit = Commit::new();
        let mut append = Append::after(Order::stream(&order.order_id), head, at).state(&next)?;
        if is_failed {
            if let Some(mut write) = refund::money(order, wallet.as_ref(), at, calendar)? {
                append = append.events(write.take_events());
                commit = commit.wallet(write);
            }
            commit = refund::counters(order, table).into_iter().fold(commit, Commit::update);
        }
        Ok((next, Some(commit.append(append.events(events)))))
    }
}

/// What people have to see to, as the name of the metric that counts it, after `fact` was `decided` on.
fn concern<T>(order: &Order, fact: &Fact, decided: &Result<T, StoreError>) -> Option<&'static str> {
    if order.is_contradicted_by(fact) {
        Some("MerchantContradictions")
    } else if fact.may_refund() && decided.is_err() {
        Some("StuckRefunds")
    } else {
        None
    }
}

impl Book for Journal<'_> {
    async fn record(&self, fact: Fact) -> Result<Order, Failure> {
        let latest = RefCell::new(None);
        let decide = |known: &Known, now: Timestamp| {
            let decided = known.after(&fact, now, self.table, self.calendar);
            if let Some(name) = concern(&known.order, &fact, &decided) {
                self.env.count(name, 1);
                tracing::error!(order_id = self.order_id, fact = ?fact, metric = name, "people have to see to an order");
            }
            let (next, commit) = decided?;
            latest.replace(Some(next));
            Ok(commit)
        };
        advance(self.env, &self.context, None, async || self.load(&fact).await, decide).await?;
        latest.into_inner().ok_or_else(|| Failure::transient("the order was not decided on"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use crate::order::{Confirmation, Status};
    use quoin_ledger::Balance;
    use quoin_money::Asset;

    fn known(order: Order, cash: &str) -> Known {
        let mut wallet = Wallet::new("u1".to_owned(), Timestamp::from_millis(1_000));
        let balance = Balance { available: cash.parse().unwrap(), ..Balance::default() };
        wallet.balances.insert(Asset::Cash, balance);
        let head = Head { version: 1, next_sequence: 8, at: Timestamp::from_millis(1_000), state: None };
        Known { head, order, wallet: Some(wallet) }
    }

    fn told(known: &Known, fact: &Fact) -> (bool, Option<&'static str>) {
        let decided = known.after(fact, Timestamp::from_millis(9_000), "order", Window::default());
        (matches!(decided, Ok((_, Some(_)))), concern(&known.order, fact, &decided))
    }

    #[test]
    fn a_refund_that_the_wallet_does_not_take_is_people_s() {
        assert_eq!(told(&known(order(), "5"), &Fact::Refused), (true, None));
        assert_eq!(told(&known(order(), "999999999999999"), &Fact::Refused), (false, Some("StuckRefunds")));
        assert_eq!(told(&known(order(), "999999999999999"), &Fact::Pending), (false, None));
    }

    #[test]
    fn a_merchant_that_takes_an_order_after_its_refund_is_people_s() {
        let failed = Order { status: Status::Failed, ..order() };
        let confirmation =
            Confirmation { bizone_order_id: "b".to_owned(), estimated_delivery: None, tracking_url: None };
        let confirmed = Fact::Confirmed { confirmation, request_id: "bzn_req_1".to_owned() };
        assert_eq!(told(&known(failed.clone(), "5"), &confirmed), (false, Some("MerchantContradictions")));
        assert_eq!(told(&known(failed, "5"), &Fact::Refused), (false, None));
        assert_eq!(told(&known(order(), "5"), &confirmed), (true, None));
    }
}
