//! A replay as operators see it.

use quoin_events::Timestamp;
use serde::Serialize;

use crate::replay::Replay;

/// A replay, and how far it is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ReplayView<'a> {
    /// The replay.
    replay_id: &'a str,
    /// Who is told again.
    consumer: &'a str,
    /// Events from this moment on are sent …
    from: Timestamp,
    /// … up to this one, which belongs to them.
    to: Timestamp,
    /// The types of events that are sent.
    events: &'a [String],
    /// How far it is.
    status: Status,
    /// Events sent so far.
    sent: u64,
    /// How many types' days it spans.
    days: usize,
    /// How many of them are done.
    days_done: usize,
    /// When it was asked for.
    started_at: Timestamp,
    /// Who asked for it.
    started_by: &'a str,
    /// When everything had been sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    /// Why it stood still when it was last taken up; it is taken up again every minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<&'a str>,
}

/// How far a replay is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReplayStatus"))]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Events are being sent.
    Running,
    /// All events have been sent; the consumer may still have some of them before it.
    Finished,
}

impl<'a> From<&'a Replay> for ReplayView<'a> {
    fn from(replay: &'a Replay) -> Self {
        let status = if replay.finished_at.is_some() { Status::Finished } else { Status::Running };
        Self {
            replay_id: &replay.replay_id,
            consumer: &replay.consumer,
            from: replay.from,
            to: replay.to,
            events: &replay.events,
            status,
            sent: replay.sent,
            days: replay.partitions(),
            days_done: replay.days_done(),
            started_at: replay.started_at,
            started_by: &replay.started_by,
            finished_at: replay.finished_at,
            last_error: replay.last_error.as_deref(),
        }
    }
}
