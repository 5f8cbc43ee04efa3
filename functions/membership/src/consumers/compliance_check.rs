//! What has to be looked at when a subscription ends: payments that are open, periods that are not paid for, how long
//! records are kept, and whether somebody waits to be forgotten. An erasure that waited for a payment goes on with the
//! event of that payment's end, before the check says where it stands.

use quoin_events::types::{
    CustomerDeleted, DeletionReason, SubscriptionCancelled, SubscriptionChargeFailed, SubscriptionPlanChanged,
    SubscriptionRenewed,
};
use quoin_events::{BusEvent, EventData, Timestamp};
use quoin_membership_model::{Customer, Subscription};
use quoin_runtime::{Delivery, Env, Failure, Found, Outcome};
use quoin_store::{Append, Commit, StoreError};
use serde::Deserialize;

use crate::append::Streamed;
use crate::compliance::{self, Check, Occasion};
use crate::erasure;

/// Years for which records of payments are kept unless the stage says otherwise.
const RETENTION_YEARS: u32 = 10;
/// Tries to append to a stream that others append to.
const TRIES: u32 = 5;

/// What every event says that is about a customer.
#[derive(Debug, Deserialize)]
struct About {
    customer_id: String,
    user_id: String,
}

/// Handles one event.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let occasion = match delivery.event().event.as_str() {
        SubscriptionCancelled::NAME => {
            Some(Occasion::SubscriptionCancelled(delivery.data::<SubscriptionCancelled>()?.reason))
        }
        CustomerDeleted::NAME => match delivery.data::<CustomerDeleted>()?.reason {
            DeletionReason::Erasure => Some(Occasion::CustomerDeleted(DeletionReason::Erasure)),
            // There was never a subscription.
            DeletionReason::PaymentDeclined | DeletionReason::PaymentExpired => None,
        },
        SubscriptionChargeFailed::NAME | SubscriptionRenewed::NAME | SubscriptionPlanChanged::NAME => None,
        _ => return Ok(Outcome::Ignored("not an event of this consumer")),
    };
    let about: About = delivery.data()?;
    let went_on = erasure::pursue(env, &delivery.context, &about.user_id).await?;
    match occasion {
        Some(occasion) => record(env, delivery, &about, occasion).await,
        None if went_on => Ok(Outcome::Applied),
        None => Ok(Outcome::Ignored("nobody waits to be forgotten")),
    }
}

/// Looks, and writes down what there was to see.
async fn record(
    env: &Env,
    delivery: &Delivery<BusEvent>,
    about: &About,
    occasion: Occasion,
) -> Result<Outcome, Failure> {
    let event = delivery.event();
    let found = Found::<Customer>::find(env, &Customer::stream(&about.customer_id)).await?;
    let customer = found.ok_or_else(|| Failure::transient("there is no such customer"))?.state;
    let subscription = match &customer.subscription_id {
        Some(id) => Found::<Subscription>::find(env, &Subscription::stream(id)).await?.map(|found| found.state),
        None => None,
    };
    let open_payment_id = match &subscription {
        Some(subscription) => compliance::open_payment(env, subscription).await?,
        None => None,
    };
    let happened_at: Timestamp = event.timestamp.parse().map_err(Failure::poison)?;
    let years = env.config.parse_or("RETENTION_YEARS", RETENTION_YEARS)?;
    let paid_until = subscription.as_ref().map(|subscription| subscription.period_end);
    let check = Check {
        event_id: event.event_id().to_owned(),
        occasion,
        happened_at,
        checked_at: delivery.context.now,
        subscription_id: subscription.as_ref().map(|subscription| subscription.subscription_id.clone()),
        open_payment_id,
        unpaid: subscription.as_ref().and_then(|subscription| compliance::unpaid(subscription, happened_at)),
        paid_until,
        retained_until: compliance::retained_until(happened_at, years)?,
        erasure: erasure::find(env, &about.user_id).await?.map(|erasure| erasure.status),
    };
    append(env, delivery, &about.customer_id, &check).await
}

/// Appends the check, unless the event was checked before.
async fn append(
    env: &Env,
    delivery: &Delivery<BusEvent>,
    customer_id: &str,
    check: &Check,
) -> Result<Outcome, Failure> {
    let stream = compliance::stream(customer_id);
    for _ in 0..TRIES {
        let before = checks(env, customer_id).await?;
        if before.iter().any(|other| other.event_id == check.event_id) {
            return Ok(Outcome::Duplicate);
        }
        let head = env.store.head(&stream).await?;
        if usize::try_from(head.version).ok() != Some(before.len()) {
            continue;
        }
        let item = Append::after(stream.clone(), &head, delivery.context.now).state(check)?;
        match env.store.commit(Commit::new().append(item), &delivery.context.origin).await {
            Ok(()) => return Ok(Outcome::Applied),
            Err(StoreError::Lost(_) | StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::transient("others append to the checks of the same customer"))
}

/// Every check of `customer_id`, oldest first.
pub(crate) async fn checks(env: &Env, customer_id: &str) -> Result<Vec<Check>, StoreError> {
    let (pk, mut checks, mut after) = (compliance::stream(customer_id).pk(), Vec::new(), 0);
    loop {
        let page = env.store.stream_page(&pk, after, 100).await?;
        let Some(last) = page.last() else { return Ok(checks) };
        after = last.version();
        for item in &page {
            let state = item.state().ok_or_else(|| StoreError::corrupt("a check without a result"))?;
            checks.push(serde_json::from_str(state)?);
        }
    }
}
