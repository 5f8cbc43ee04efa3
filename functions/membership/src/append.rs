//! What happens to an aggregate, as an item of its stream: the events, and beside them the state that they make.

use quoin_events::{Draft, Timestamp};
use quoin_membership_model::{Aggregate, Customer, CustomerEvent, Subscription, SubscriptionEvent, Told};
use quoin_runtime::Found;
use quoin_store::{Append, StoreError, Stream};
use serde::Serialize;

/// An aggregate that has a stream.
pub(crate) trait Streamed: Aggregate + Clone + Serialize {
    /// The stream of `id`.
    fn stream(id: &str) -> Stream;
    /// Its id.
    fn id(&self) -> &str;
    /// What tells of `event`.
    fn draft(event: &Self::Event, at: Timestamp) -> Result<Draft, serde_json::Error>;
}

impl Streamed for Customer {
    fn stream(id: &str) -> Stream {
        Stream::new("customer", id)
    }

    fn id(&self) -> &str {
        &self.customer_id
    }

    fn draft(event: &CustomerEvent, at: Timestamp) -> Result<Draft, serde_json::Error> {
        match event {
            CustomerEvent::Created(event) => Draft::new(event, at),
            CustomerEvent::Registered(event) => Draft::new(event, at),
            CustomerEvent::Deleted(event) => Draft::new(event, at),
        }
    }
}

impl Streamed for Subscription {
    fn stream(id: &str) -> Stream {
        Stream::new("subscription", id)
    }

    fn id(&self) -> &str {
        &self.subscription_id
    }

    fn draft(event: &SubscriptionEvent, at: Timestamp) -> Result<Draft, serde_json::Error> {
        match event {
            SubscriptionEvent::Created(event) => Draft::new(event, at),
            SubscriptionEvent::ChargeStarted(event) => Draft::new(event, at),
            SubscriptionEvent::ChargeFailed(event) => Draft::new(event, at),
            SubscriptionEvent::Renewed(event) => Draft::new(event, at),
            SubscriptionEvent::PlanChanged(event) => Draft::new(event, at),
            SubscriptionEvent::Cancelled(event) => Draft::new(event, at),
        }
    }
}

/// The first item of a stream: `event` is what begins it.
pub(crate) fn begin<A: Streamed>(event: A::Event, at: Timestamp) -> Result<Append, StoreError> {
    let draft = A::draft(&event, at)?;
    let state = A::after(None, &Told { event, at }).map_err(StoreError::corrupt)?;
    Ok(Append::first(A::stream(state.id()), at).state(&state)?.events([draft]))
}

/// The next item of a stream: `events` happen one after the other.
pub(crate) fn next<A: Streamed>(
    found: &Found<A>,
    events: impl IntoIterator<Item = A::Event>,
    at: Timestamp,
) -> Result<Append, StoreError> {
    let (mut state, mut drafts) = (found.state.clone(), Vec::new());
    for event in events {
        drafts.push(A::draft(&event, at)?);
        state = A::after(Some(state), &Told { event, at }).map_err(StoreError::corrupt)?;
    }
    Ok(Append::after(A::stream(state.id()), &found.head, at).state(&state)?.events(drafts))
}
