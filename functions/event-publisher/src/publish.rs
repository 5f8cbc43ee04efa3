//! One batch of the stream: published, retried alone, or set aside with its reason.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use quoin_events::Timestamp;
use quoin_runtime::{Env, Failure, Invocation, Metrics, QueueMessage};
use quoin_store::Clock;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::batch::{Sorted, split};
use crate::bus::{Bus, EventBridge};
use crate::record::{Entry, Unreadable, entries};

/// The stream's event; each record is read on its own, so that one that cannot be read stops no other.
#[derive(Debug, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

/// Nothing is left to retry: whatever is, fails the invocation, and the stream sends the batch again.
#[derive(Debug, Default, Serialize)]
pub struct StreamResponse {
    #[serde(rename = "batchItemFailures")]
    failures: [(); 0],
}

/// What nobody will find on the bus.
#[derive(Debug, Serialize)]
struct Unpublished<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    reason: &'a str,
    at: Timestamp,
}

/// Calls of the bus under way at once.
const CONCURRENCY: usize = 4;
/// What is kept back of the function's time, to set entries aside and to answer.
const RESERVE_MS: i64 = 2_000;
/// First and longest pause between two passes, before jitter.
const PAUSE_MS: (u64, u64) = (50, 2_000);

/// Publishes the events of the stream's records.
///
/// # Errors
/// Transient, when an entry could be neither published nor set aside in time: the stream sends all again.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    event: StreamEvent,
    metrics: &mut Metrics,
) -> Result<StreamResponse, Failure> {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for record in &event.records {
        match entries(record.get()) {
            Ok(more) => found.extend(more),
            Err(one) => unreadable.push(one),
        }
    }
    let client = env.client(|aws| quoin_runtime::client!(aws_sdk_eventbridge, aws));
    let bus = EventBridge { client, name: env.config.require("BUS_NAME")? };
    let deadline = invocation.deadline.plus_millis(RESERVE_MS.saturating_neg());
    let sorted = publish(&bus, &env.clock, deadline, &found).await;

    let now = env.clock.now();
    let lag = |place: &usize| found.get(*place).and_then(|entry| Some(now.millis().saturating_sub(entry.at?.millis())));
    let lag = sorted.published.iter().filter_map(lag).max().and_then(|lag| u64::try_from(lag).ok());
    if let Some(lag) = lag {
        metrics.metric("PublishLag", lag, "Milliseconds");
    }
    metrics.metric("Published", count(sorted.published.len()), "Count");
    metrics.metric("Unpublished", count(sorted.refused.len().saturating_add(unreadable.len())), "Count");

    set_aside(env, &found, &sorted.refused, &unreadable).await?;
    match sorted.again.first() {
        None => Ok(StreamResponse::default()),
        Some((_, reason)) => Err(Failure::Transient(format!("{} events not published: {reason}", sorted.again.len()))),
    }
}

/// Hands every entry to the bus, the failed ones again and again until `deadline`.
async fn publish(bus: &impl Bus, clock: &Clock, deadline: Timestamp, entries: &[Entry]) -> Sorted {
    let mut places: Vec<usize> = (0..entries.len()).collect();
    let (mut apart, mut all) = (Vec::new(), Sorted::default());
    for pass in 0_u32.. {
        let (batches, too_large) = split(entries, &places);
        all.refused.extend(too_large.into_iter().map(|place| (place, "the event is too large".to_owned())));
        let batches = batches.into_iter().chain(apart.drain(..).map(|place| vec![place]));
        let calls = batches.map(async |batch: Vec<usize>| {
            let chosen: Vec<&Entry> = batch.iter().filter_map(|place| entries.get(*place)).collect();
            let verdicts = bus.put(&chosen).await;
            (batch, verdicts)
        });
        let answers: Vec<_> = stream::iter(calls).buffered(CONCURRENCY).collect().await;
        let mut sorted = Sorted::default();
        for (batch, verdicts) in answers {
            sorted.take(&batch, verdicts);
        }
        all.published.extend(sorted.published);
        all.refused.extend(sorted.refused);
        if sorted.again.is_empty() || !pause(clock, deadline, pass).await {
            all.again = sorted.again;
            break;
        }
        apart = sorted.apart;
        places = sorted.again.into_iter().map(|(place, _)| place).filter(|place| !apart.contains(place)).collect();
    }
    all
}

/// Waits with full jitter; false when the time is up.
async fn pause(clock: &Clock, deadline: Timestamp, pass: u32) -> bool {
    let (first, most) = PAUSE_MS;
    let ceiling = first.saturating_mul(1_u64.checked_shl(pass.min(10)).unwrap_or(u64::MAX)).min(most);
    let pause = clock.random_below(ceiling).saturating_add(1);
    let left = u64::try_from(deadline.millis().saturating_sub(clock.now().millis())).unwrap_or(0);
    if left <= pause {
        return false;
    }
    clock.sleep(Duration::from_millis(pause)).await;
    true
}

async fn set_aside(
    env: &Env,
    found: &[Entry],
    refused: &[(usize, String)],
    unreadable: &[Unreadable],
) -> Result<(), Failure> {
    let at = env.clock.now();
    let mut messages = Vec::with_capacity(refused.len().saturating_add(unreadable.len()));
    for (place, reason) in refused {
        let Some(entry) = found.get(*place) else { continue };
        tracing::error!(key = entry.key, event_id = entry.event_id, reason, "event not published");
        messages.push(QueueMessage::new(&Unpublished {
            key: &entry.key,
            event_id: Some(&entry.event_id),
            topic: Some(&entry.topic),
            event: Some(&entry.event),
            reason,
            at,
        })?);
    }
    for Unreadable { key, reason } in unreadable {
        tracing::error!(key, reason, "record not readable");
        messages.push(QueueMessage::new(&Unpublished { key, event_id: None, topic: None, event: None, reason, at })?);
    }
    if messages.is_empty() { Ok(()) } else { env.enqueue("publisher-unpublished", &messages).await }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{SystemTime, UNIX_EPOCH};

    use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
    use aws_smithy_async::time::{SharedTimeSource, TimeSource};

    use super::*;
    use crate::batch::{MAX_BYTES, Verdict, tests::entry};

    /// Time that passes only while somebody waits.
    #[derive(Debug, Clone, Default)]
    struct Stepped(Arc<AtomicU64>);

    impl TimeSource for Stepped {
        fn now(&self) -> SystemTime {
            UNIX_EPOCH.checked_add(Duration::from_millis(self.0.load(Ordering::SeqCst))).unwrap()
        }
    }

    impl AsyncSleep for Stepped {
        fn sleep(&self, duration: Duration) -> Sleep {
            self.0.fetch_add(u64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
            Sleep::new(std::future::ready(()))
        }
    }

    /// Remembers the calls and gives each entry the verdict that `rule` says for its call.
    struct Scripted<F> {
        calls: RefCell<Vec<Vec<String>>>,
        rule: F,
    }

    impl<F: Fn(usize, &str) -> Verdict> Bus for Scripted<F> {
        async fn put(&self, entries: &[&Entry]) -> Vec<Verdict> {
            let ids: Vec<_> = entries.iter().map(|entry| entry.event_id.clone()).collect();
            self.calls.borrow_mut().push(ids.clone());
            let call = self.calls.borrow().len();
            ids.iter().map(|id| (self.rule)(call, id)).collect()
        }
    }

    fn run(rule: impl Fn(usize, &str) -> Verdict, entries: &[Entry]) -> (Sorted, Vec<Vec<String>>, u64) {
        let time = Stepped::default();
        let clock = Clock::new(SharedTimeSource::new(time.clone()), SharedAsyncSleep::new(time.clone()), 7);
        let bus = Scripted { calls: RefCell::default(), rule };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sorted = runtime.block_on(publish(&bus, &clock, Timestamp::from_millis(58_000), entries));
        (sorted, bus.calls.into_inner(), time.0.load(Ordering::SeqCst))
    }

    fn again() -> Verdict {
        Verdict::of_code("ThrottlingException", "")
    }

    #[test]
    fn failed_entries_are_retried_alone() {
        let entries: Vec<_> = (0..10).map(|place| entry(place, 10)).collect();
        let fails =
            |call: usize, id: &str| if call == 1 && (id == "3" || id == "7") { again() } else { Verdict::Published };
        let (sorted, calls, _) = run(fails, &entries);
        assert_eq!(calls[1..], [vec!["3".to_owned(), "7".to_owned()]]);
        assert_eq!(sorted.published.len(), 10);
        assert_eq!(sorted.again, []);
    }

    #[test]
    fn what_is_throttled_to_the_end_is_left_to_the_stream_within_the_time() {
        let entries: Vec<_> = (0..3).map(|place| entry(place, 10)).collect();
        let fails = |_: usize, id: &str| if id == "1" { again() } else { Verdict::Published };
        let (sorted, calls, passed) = run(fails, &entries);
        assert_eq!(sorted.published, [0, 2]);
        assert_eq!(sorted.again.len(), 1);
        assert!(passed < 58_000, "{passed}");
        assert!(calls.len() > 20, "{}", calls.len());
    }

    #[test]
    fn a_refused_entry_holds_nobody_up() {
        let entries = [entry(0, 10), entry(1, MAX_BYTES), entry(2, 10), entry(3, 10)];
        let refuses =
            |_: usize, id: &str| if id == "2" { Verdict::of_code("MalformedDetail", "") } else { Verdict::Published };
        let (sorted, calls, _) = run(refuses, &entries);
        assert_eq!(sorted.published, [0, 3]);
        let mut refused: Vec<_> = sorted.refused.iter().map(|(place, _)| *place).collect();
        refused.sort_unstable();
        assert_eq!(refused, [1, 2]);
        assert_eq!(calls.len(), 1);
    }

    #[test]
    fn a_call_refused_as_a_whole_is_taken_apart_until_the_one_to_blame_is_found() {
        let entries: Vec<_> = (0..3).map(|place| entry(place, 10)).collect();
        let refuses = |call: usize, id: &str| match (call, id) {
            (1, _) => Verdict::Apart("ValidationException".to_owned()),
            (_, "1") => Verdict::of_code("ValidationException", ""),
            (_, _) => Verdict::Published,
        };
        let (sorted, calls, _) = run(refuses, &entries);
        assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1, 1, 1]);
        assert_eq!(sorted.published, [0, 2]);
        assert_eq!(sorted.refused.len(), 1);
    }

    #[test]
    fn an_event_of_the_stream_is_read_record_by_record() {
        let event: StreamEvent = serde_json::from_str(r#"{"Records": [{"a": 1}, 7]}"#).unwrap();
        assert_eq!(event.records.len(), 2);
        assert_eq!(serde_json::to_string(&StreamResponse::default()).unwrap(), r#"{"batchItemFailures":[]}"#);
    }
}
