//! A batch of queue messages: each is applied, retried on the schedule, or parked in the dead-letter
//! queue with its reason. Nothing is swallowed.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{FutureExt, StreamExt, stream};
use quoin_events::{BusEvent, Cause, Envelope, Origin};
use quoin_store::{ExecuteError, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::telemetry::{Metrics, Tally};
use crate::{Config, ConfigError, Context, Env, Invocation};

/// What became of a message that needs no retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is committed.
    Applied,
    /// Its effect had been committed before.
    Duplicate,
    /// It came early and waits for those before it.
    Parked,
    /// It asks nothing of this consumer, for this reason.
    Ignored(&'static str),
}

/// Why a message was not handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// May succeed later: retried on the schedule.
    #[error("{0}")]
    Transient(String),
    /// Can never succeed: to the dead-letter queue at once.
    #[error("{0}")]
    Poison(String),
}

impl Failure {
    /// A failure that may pass.
    pub fn transient(reason: impl std::fmt::Display) -> Self {
        Self::Transient(reason.to_string())
    }

    /// A failure that stays.
    pub fn poison(reason: impl std::fmt::Display) -> Self {
        Self::Poison(reason.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        // A refused request may be a missing permission or a table that is not there yet: people mend those.
        Self::Transient(error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Transient(error.to_string())
    }
}

impl<E: std::fmt::Display> From<ExecuteError<E>> for Failure {
    fn from(error: ExecuteError<E>) -> Self {
        match error {
            ExecuteError::Store(error) => error.into(),
            ExecuteError::Contended => Self::Transient(error.to_string()),
            ExecuteError::Decide(_) | ExecuteError::KeyReused | ExecuteError::Blocked(_) => {
                Self::Poison(error.to_string())
            }
        }
    }
}

/// What a queue can carry.
pub trait Message: DeserializeOwned {
    /// What the message follows from.
    fn origin(&self) -> Origin;

    /// What metrics count it as.
    fn label(&self) -> &str;

    /// Why nobody here may act on it although it can be parsed.
    ///
    /// # Errors
    /// If it is of a version that means something else.
    fn known(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Message for BusEvent {
    fn origin(&self) -> Origin {
        Origin {
            request_id: self.detail.metadata.request_id.clone(),
            traceparent: self.detail.metadata.traceparent.clone(),
            cause: Cause::Event(self.detail.event_id().to_owned()),
        }
    }

    fn label(&self) -> &str {
        &self.detail.event
    }

    fn known(&self) -> Result<(), String> {
        self.detail.known()
    }
}

/// A message in hand.
#[derive(Debug)]
pub struct Delivery<M> {
    /// The message.
    pub message: M,
    /// 1 for the first delivery.
    pub attempt: u32,
    /// Whether a failure now means the dead-letter queue.
    pub is_last: bool,
    /// Correlation, trace and time.
    pub context: Context,
}

impl Delivery<BusEvent> {
    /// The event.
    #[must_use]
    pub const fn event(&self) -> &Envelope {
        &self.message.detail
    }

    /// The event's data as `T`.
    ///
    /// # Errors
    /// Poison, if the data does not have the shape of `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(self.event().data.get())
            .map_err(|error| Failure::Poison(format!("the data of {} cannot be read: {error}", self.event().event)))
    }
}

/// SQS's event.
#[derive(Debug, Deserialize)]
pub struct SqsEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Record {
    fn attempt(&self) -> u32 {
        self.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()).unwrap_or(1)
    }
}

/// How much longer than one message a whole batch may take, so that each is told its own outcome.
const GRACE_MS: u64 = 500;
/// Messages that are parked or delayed at once.
const SETTLED_AT_ONCE: usize = 10;

/// What SQS is told: the messages to keep.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueResponse {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

/// The messages of one invocation that could be read.
pub type Batch<M> = Vec<Delivery<M>>;

/// Handles one message after the other: what one of them does to a wallet does not race the next.
pub async fn each<'a, M>(
    env: &'a Env,
    batch: &'a [Delivery<M>],
    handle: impl AsyncFn(&'a Env, &'a Delivery<M>) -> Result<Outcome, Failure>,
) -> Vec<Result<Outcome, Failure>> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for (delivery, waiting) in batch.iter().zip((1..=batch.len()).rev()) {
        outcomes.push(in_its_share(env, delivery, waiting, handle(env, delivery)).await);
    }
    outcomes
}

/// Handles the messages at the same time: for those that wait for outside parties, and not for each other.
pub async fn side_by_side<'a, M>(
    env: &'a Env,
    batch: &'a [Delivery<M>],
    handle: impl AsyncFn(&'a Env, &'a Delivery<M>) -> Result<Outcome, Failure>,
) -> Vec<Result<Outcome, Failure>> {
    join_all(batch.iter().map(|delivery| in_its_share(env, delivery, 1, handle(env, delivery)))).await
}

/// Does the work of one message, `waiting` of which are left with it: it may neither take the time of those that wait nor
/// bring them down, and gets its share of what is left.
///
/// # Errors
/// What the work fails with; transient, if its time is over or it panics.
pub async fn in_its_share<M>(
    env: &Env,
    delivery: &Delivery<M>,
    waiting: usize,
    work: impl Future<Output = Result<Outcome, Failure>>,
) -> Result<Outcome, Failure> {
    let share = left(env, delivery).checked_div(u64::try_from(waiting).unwrap_or(1)).unwrap_or(0);
    bounded(env, share, work).await.flatten()
}

/// Milliseconds until whoever handles `delivery` has to be done.
fn left<M>(env: &Env, delivery: &Delivery<M>) -> u64 {
    let left = delivery.context.deadline().0.millis().saturating_sub(env.clock.now().millis());
    u64::try_from(left).unwrap_or(0)
}

/// Does `work` for so many milliseconds at most.
async fn bounded<T>(env: &Env, limit_ms: u64, work: impl Future<Output = T>) -> Result<T, Failure> {
    let limit = Duration::from_millis(limit_ms.max(1));
    match env.clock.timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Some(Ok(done)) => Ok(done),
        Some(Err(_)) => Err(Failure::transient("the handler panicked")),
        None => Err(Failure::transient("the handler ran out of time")),
    }
}

/// Reads a batch, has it handled, and sees to every message that was not.
pub async fn work<M: Message>(
    env: &Env,
    invocation: &Invocation,
    event: SqsEvent,
    metrics: &mut Metrics,
    handle: impl AsyncFn(&Env, &Batch<M>) -> Vec<Result<Outcome, Failure>>,
) -> Result<QueueResponse, Failure> {
    let schedule = env.config.retry_schedule()?;
    let (mut batch, mut readable, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    let mut tally = Tally::default();
    for record in event.records {
        match serde_json::from_str::<M>(&record.body) {
            Ok(message) => {
                if let Err(reason) = message.known() {
                    tally.failure(message.label());
                    unreadable.push((record, Failure::Poison(reason)));
                    continue;
                }
                let attempt = record.attempt();
                let context = Context::of_message(&env.clock, invocation, message.origin());
                let is_last = usize::try_from(attempt).unwrap_or(usize::MAX) > schedule.len();
                batch.push(Delivery { message, attempt, is_last, context });
                readable.push(record);
            }
            Err(error) => unreadable.push((record, Failure::Poison(format!("the message cannot be read: {error}")))),
        }
    }
    let outcomes = match batch.first() {
        // Who looks at time by message has all of it; who writes a batch as one must not take what settling needs.
        Some(first) => bounded(env, left(env, first).saturating_add(GRACE_MS), handle(env, &batch))
            .await
            .unwrap_or_else(|failure| vec![Err(failure); batch.len()]),
        None => Vec::new(),
    };
    let mut failed = unreadable;
    for (index, (record, delivery)) in readable.into_iter().zip(&batch).enumerate() {
        let missing = || Err(Failure::Transient("the handler gave no outcome for the message".to_owned()));
        match outcomes.get(index).cloned().unwrap_or_else(missing) {
            Ok(outcome) => tally.outcome(delivery.message.label(), outcome),
            Err(failure) => {
                tally.failure(delivery.message.label());
                failed.push((record, failure));
            }
        }
    }
    for (record, failure) in &failed {
        metrics.failure(&record.message_id, record.attempt(), failure);
    }
    let settled = failed.into_iter().map(async |(record, failure)| {
        let is_forgotten = settle_failure(env, &schedule, &record, &failure).await;
        (!is_forgotten).then_some(ItemFailure { item_identifier: record.message_id })
    });
    let kept: Vec<_> = stream::iter(settled).buffered(SETTLED_AT_ONCE).collect().await;
    metrics.batch(tally);
    Ok(QueueResponse { batch_item_failures: kept.into_iter().flatten().collect() })
}

/// Parks or delays a message; true when the queue may forget it.
async fn settle_failure(env: &Env, schedule: &[u32], record: &Record, failure: &Failure) -> bool {
    let attempt = record.attempt();
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let delay = match failure {
        Failure::Transient(_) => schedule.get(index),
        Failure::Poison(_) => None,
    };
    let Some(delay) = delay else {
        return match env.park(&record.body, &record.message_id, attempt, failure).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(message_id = record.message_id, reason = %error, "not parked; the queue keeps it");
                false
            }
        };
    };
    if let Err(error) = env.delay(&record.receipt_handle, *delay).await {
        // The queue's own visibility timeout brings it back, later than the schedule says.
        tracing::warn!(message_id = record.message_id, reason = %error, "not delayed");
    }
    false
}

impl Config {
    pub(crate) fn dead_letter_queue(&self) -> Result<&str, ConfigError> {
        self.require("DLQ_URL")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done<T>(limit_ms: u64, work: impl Future<Output = T>) -> Result<T, Failure> {
        let env = Env::of_test(&[]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(bounded(&env, limit_ms, work))
    }

    #[test]
    fn work_that_hangs_or_panics_is_a_failure_of_its_own() {
        assert_eq!(done(60_000, async { 7 }), Ok(7));
        assert_eq!(done(5, std::future::pending::<()>()), Err(Failure::transient("the handler ran out of time")));
        let panicking = async { panic!("a handler's mistake") };
        assert_eq!(done::<()>(60_000, panicking), Err(Failure::transient("the handler panicked")));
    }
}
