//! Sends what replays ask for, going on where the last run stopped.

use std::time::Duration;

use quoin_events::{Envelope, Timestamp, event_type};
use quoin_runtime::{Env, Failure, Invocation, Metrics, QueueMessage};
use quoin_store::Query;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::consumers::{self, Consumer};
use super::lines;
use super::record::{PK, Place, Replay, Stored};
use crate::warehouse::{Line, Lines};

/// All that is staged is looked through for each type's day, until the export has taken it away.
const TOO_MUCH: &str = "more is staged than one run can look through: does the export stand still?";
/// What is kept back to write how far a replay is.
const RESERVE_MS: i64 = 30_000;
/// Lines that are sent before it is noted.
const NOTED: usize = 1_000;

/// What one run did.
#[derive(Debug, Default, Serialize)]
pub struct Replayed {
    /// Events sent.
    sent: u64,
    /// Replays that have ended.
    finished: u64,
    /// Replays that could not go on.
    stuck: u64,
}

/// An event as the bus would have sent it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Again<'a> {
    version: &'static str,
    id: &'a str,
    detail_type: &'a str,
    source: &'static str,
    time: Timestamp,
    replay_name: &'a str,
    detail: &'a RawValue,
}

/// Goes on with every replay that has not ended.
///
/// # Errors
/// If it cannot be told which there are; one that fails is taken up again by the next run.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Replayed, Failure> {
    let table = env.config.table("reporting")?;
    let stop = invocation.deadline.plus_millis(RESERVE_MS.saturating_neg());
    let (mut done, mut after, mut is_first) = (Replayed::default(), None, true);
    loop {
        let page = env.store.query(table, Query::of(PK).after(after).consistent()).await?;
        for row in &page.items {
            let stored = Stored::read(row)?;
            if stored.replay.finished_at.is_none() {
                take_up(Run { env, table, stored, stop, is_first }, &mut done).await?;
                is_first = false;
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    metrics.metric("ReplayedEvents", done.sent, "Count");
    metrics.metric("StuckReplays", done.stuck, "Count");
    Ok(done)
}

async fn take_up(mut run: Run<'_>, done: &mut Replayed) -> Result<(), Failure> {
    let before = run.stored.replay.sent;
    let outcome = run.go_on().await;
    if let Err(failure) = &outcome {
        done.stuck = done.stuck.saturating_add(1);
        tracing::warn!(replay_id = run.stored.replay.replay_id, reason = %failure, "a replay stands still");
        run.stored.replay.last_error = Some(failure.to_string());
        // It is known already if it is what failed.
        let _ = run.note().await;
    }
    let Replay { sent, finished_at, .. } = &run.stored.replay;
    done.sent = done.sent.saturating_add(sent.saturating_sub(before));
    done.finished = done.finished.saturating_add(u64::from(finished_at.is_some()));
    Ok(())
}

/// One replay in one run.
struct Run<'a> {
    env: &'a Env,
    table: &'a str,
    stored: Stored,
    stop: Timestamp,
    /// Whether it has all of the run's time.
    is_first: bool,
}

impl Run<'_> {
    /// Sends until everything is sent, time is up, or another run has the replay.
    async fn go_on(&mut self) -> Result<(), Failure> {
        self.stored.replay.last_error = None;
        let name = self.stored.replay.consumer.clone();
        let missing = || Failure::poison(format!("there is no consumer {name} any more"));
        let consumer = consumers::find(&name).ok_or_else(missing)?;
        let queue = format!("quoin-{}-{name}", self.env.config.require("STAGE")?);
        let queue = self.env.queue_url(&queue).await?.ok_or_else(missing)?;
        let begun = self.stored.replay.place.clone();
        while let Some(partition) = self.stored.replay.partition(self.stored.replay.place.partition) {
            if self.env.clock.now() >= self.stop {
                self.note().await?;
                return Ok(());
            }
            let Place { partition: number, part, after } = self.stored.replay.place.clone();
            let (replay, after) = (&self.stored.replay, after.as_deref());
            let found = match part.checked_sub(1) {
                None => match self.in_time(lines::staged(self.env, replay, &partition, after)).await {
                    Some(found) => Some(found?),
                    None if self.is_first && self.stored.replay.place == begun => {
                        return Err(Failure::transient(TOO_MUCH));
                    }
                    None => return self.note().await.map(|_| ()),
                },
                Some(part) => lines::part(self.env, replay, &partition, part, after).await?,
            };
            let Some(Lines { lines, has_more }) = found else {
                self.stored.replay.place = Place { partition: number.saturating_add(1), ..Place::default() };
                continue;
            };
            if !self.send(consumer, &queue, &lines).await? {
                return Ok(());
            }
            if !has_more {
                let part = match part {
                    0 => lines::first_part(self.env, self.stored.replay.from, &partition).await?.saturating_add(1),
                    part => part.saturating_add(1),
                };
                self.stored.replay.place = Place { partition: number, part, after: None };
            }
        }
        self.stored.replay.finished_at = Some(self.env.clock.now());
        self.note().await?;
        Ok(())
    }

    /// What comes of `work`, unless time is up before.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let left = self.stop.millis().saturating_sub(self.env.clock.now().millis());
        self.env.clock.timeout(Duration::from_millis(u64::try_from(left).unwrap_or(0)), work).await
    }

    /// Sends lines of the place, noting how far it is; false if time is up or another run has the replay.
    async fn send(&mut self, consumer: &Consumer, queue: &str, lines: &[Line]) -> Result<bool, Failure> {
        for some in lines.chunks(NOTED) {
            let mut messages = Vec::with_capacity(some.len());
            for line in some {
                messages.extend(self.message(consumer, line)?);
            }
            self.env.send_to(queue, &messages).await?;
            let replay = &mut self.stored.replay;
            replay.sent = replay.sent.saturating_add(u64::try_from(messages.len()).unwrap_or(0));
            replay.place.after = some.last().map(Line::place);
            if !self.note().await? || self.env.clock.now() >= self.stop {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn message(&self, consumer: &Consumer, line: &Line) -> Result<Option<QueueMessage>, Failure> {
        let event: Envelope = serde_json::from_str(&line.text).map_err(Failure::poison)?;
        let (Some(known), true) = (event_type(&event.event), consumer.takes(&event)) else { return Ok(None) };
        let again = Again {
            version: "0",
            id: &line.event_id,
            detail_type: &event.event,
            source: known.topic.as_str(),
            time: line.at,
            replay_name: &self.stored.replay.replay_id,
            detail: serde_json::from_str(&line.text).map_err(Failure::poison)?,
        };
        QueueMessage::new(&again).map(Some)
    }

    /// Writes how far it is; false if another run has written since.
    async fn note(&mut self) -> Result<bool, Failure> {
        let is_written = self.env.store.update(self.stored.update(self.table)?).await?;
        self.stored.version = self.stored.version.saturating_add(1);
        Ok(is_written)
    }
}
