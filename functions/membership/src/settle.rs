//! What follows from the provider's word on a payment: the payment's end and what it was for, in one transaction.

use std::cell::Cell;

use quoin_events::{Draft, Timestamp};
use quoin_ledger::Wallet;
use quoin_membership_model::{Customer, Plans, Subscription};
use quoin_runtime::{Context, Env, Found, advance, open_key};
use quoin_store::{Append, Commit, ExecuteError, Snapshot, StoreError};

use crate::append::{self, Streamed};
use crate::charge::{Charge, Report, Status, Step};
use crate::registration::{End, Tables};
use crate::saga::Saga;
use crate::table;

/// Everything that a payment's end changes.
struct Standing {
    charge: Found<Charge>,
    what: What,
}

/// What a payment is for.
enum What {
    /// A registration.
    Registration(Box<Registration>),
    /// A subscription that there is.
    Subscription(Box<Found<Subscription>>),
}

impl Snapshot for Standing {
    // No wallet takes part but one that is new.
    fn rebase(&mut self, _wallet: Wallet) {}
}

/// A registration, and where its account is.
struct Registration {
    saga: Found<Saga>,
    customer: Found<Customer>,
    tables: Tables,
    /// The claim on the e-mail address; it goes when a registration comes to nothing.
    email_key: Option<String>,
}

/// The payment `payment_id`, if there is one.
pub(crate) async fn find_charge(env: &Env, payment_id: &str) -> Result<Option<Found<Charge>>, StoreError> {
    Found::find(env, &Charge::stream(payment_id)).await
}

/// Takes over `report`; says whether it changed anything.
pub(crate) async fn settle(
    env: &Env,
    context: &Context,
    charge: &Charge,
    report: &Report,
) -> Result<bool, ExecuteError<StoreError>> {
    let table = table::name(env).map_err(StoreError::corrupt)?;
    let plans = Plans::standard().map_err(StoreError::from)?;
    // What the provider says belongs to the request that the payment came with.
    let context = context.on_behalf_of(&charge.request_id);
    let load = async || Standing::load(env, &charge.payment_id).await;
    let is_success = matches!(report, Report::Succeeded { .. });
    // Somebody else may have ended it since `charge` was read.
    let is_contradicted = Cell::new(false);
    let decide = |standing: &Standing, now: Timestamp| {
        let decided = standing.after(report, table, &plans, now);
        if is_success && standing.charge.state.status == Status::Failed && !matches!(decided, Ok(None)) {
            is_contradicted.set(true);
        }
        decided
    };
    let changed = advance(env, &context, None, load, decide).await;
    // Also where it is not known whether it was written: nobody will tell it again.
    if is_contradicted.get() {
        env.count("ContradictedCharges", 1);
        tracing::error!(payment_id = charge.payment_id, "a payment that was never to be made was made");
    }
    changed
}

async fn required<T: serde::de::DeserializeOwned>(
    env: &Env,
    stream: quoin_store::Stream,
) -> Result<Found<T>, StoreError> {
    let found = Found::find(env, &stream).await?;
    found.ok_or_else(|| StoreError::Unavailable(format!("{} is not there", stream.pk())))
}

impl Registration {
    fn end<'a>(&'a self, charge: &'a Charge, at: Timestamp) -> Result<End<'a>, StoreError> {
        let missing = || StoreError::Unavailable("the claim on the e-mail address is not there".to_owned());
        let email_key = self.email_key.as_deref().ok_or_else(missing)?;
        Ok(End { saga: &self.saga, customer: &self.customer, charge, email_key, at })
    }
}

impl Standing {
    async fn load(env: &Env, payment_id: &str) -> Result<Self, StoreError> {
        let charge: Found<Charge> = required(env, Charge::stream(payment_id)).await?;
        let what = match &charge.state.saga_id {
            Some(saga_id) => What::Registration(Box::new(Registration {
                saga: required(env, Saga::stream(saga_id)).await?,
                customer: required(env, Customer::stream(&charge.state.customer_id)).await?,
                tables: Tables::of(env).map_err(StoreError::corrupt)?,
                email_key: crate::method::email_claim(env, &charge.state.customer_id).await?,
            })),
            None => {
                let stream = Subscription::stream(&charge.state.subscription_id);
                What::Subscription(Box::new(required(env, stream).await?))
            }
        };
        Ok(Self { charge, what })
    }

    /// One moment for all of a commit: none of its streams goes back in time.
    fn moment(&self, now: Timestamp) -> Timestamp {
        let at = now.max(self.charge.head.at);
        match &self.what {
            What::Registration(begun) => at.max(begun.saga.head.at).max(begun.customer.head.at),
            What::Subscription(subscription) => at.max(subscription.head.at),
        }
    }

    fn after(&self, report: &Report, table: &str, plans: &Plans, now: Timestamp) -> Result<Option<Commit>, StoreError> {
        let at = self.moment(now);
        let charge = |next: &Charge| Append::after(Charge::stream(&next.payment_id), &self.charge.head, at).state(next);
        let close = |commit: Commit| commit.delete(table, open_key(&self.charge.state.payment_id));
        Ok(match self.charge.state.after(report) {
            Step::Nothing => None,
            Step::Noted(next) => Some(Commit::new().append(charge(&next)?)),
            Step::Succeeded(next) => {
                let paid = Commit::new().append(charge(&next)?.events([Draft::new(&next.processed(), at)?]));
                Some(close(paid.and(self.succeeded(&next, at)?)))
            }
            Step::Failed(next, reason) => {
                let ended = match &self.what {
                    What::Registration(begun) => begun.end(&next, at)?.compensated(&begun.tables, reason)?,
                    What::Subscription(subscription) => {
                        let what = (next.payment_id.as_str(), next.purpose);
                        let events = subscription.state.not_paid(what, &next.quote, reason, plans, at);
                        Commit::new().append(append::next(subscription, events, at)?)
                    }
                };
                Some(close(Commit::new().append(charge(&next)?).and(ended)))
            }
        })
    }

    fn succeeded(&self, charge: &Charge, at: Timestamp) -> Result<Commit, StoreError> {
        match &self.what {
            What::Registration(begun) => begun.end(charge, at)?.completed(&begun.tables),
            What::Subscription(subscription) => {
                let event = subscription.state.paid(charge.purpose, &charge.quote, Some(&charge.payment_id));
                Ok(Commit::new().append(append::next(subscription, [event], at)?))
            }
        }
    }
}
