//! `GET /api/orders/{id}/timeline`: every event of an order, how long each took, and what is not there or there twice.

use quoin_runtime::{Env, Problem, Request, Response, Role};
use quoin_verify::{Absence, Duplicate, Gap, OrderTimeline, Step, Twice};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::order::Order;
use crate::table::REPORTING_TABLE;

/// An order step by step.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderTimeline"))]
struct TimelineView {
    /// Its events, in order.
    items: Vec<StepView>,
    /// What is not where it should be: steps that did not happen, and events that the audit trail has not received.
    gaps: Vec<GapView>,
    /// What is there more than once.
    duplicates: Vec<DuplicateView>,
}

/// One event of an order.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderStep"))]
struct StepView {
    /// Its type.
    event: String,
    /// When it happened.
    timestamp: String,
    /// Its place in the order's stream.
    sequence: u64,
    /// Milliseconds since the event before it; 0 for the first.
    delay_ms: i64,
    /// The event's own fields, as they were published: what is personal is sealed.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    data: Box<RawValue>,
}

/// An event that is not where it should be.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderGap"))]
struct GapView {
    /// Its type.
    event: String,
    /// Its place in the order's stream, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    /// Why.
    reason: AbsenceView,
}

/// Why an event is not where it should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderGapReason"))]
#[serde(rename_all = "snake_case")]
enum AbsenceView {
    /// The step is still to come.
    NotHappened,
    /// It has not come in the time it takes and is not to be expected: the person wants no messages, or no provider
    /// took one.
    NotExpected,
    /// What happened after it cannot be without it.
    Missing,
    /// The audit trail has not received it: it is on its way, or was lost.
    NotRecorded,
}

/// An event that is there more than once.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderDuplicate"))]
struct DuplicateView {
    /// Its type.
    event: String,
    /// Its place in the order's stream.
    sequence: u64,
    /// How often it is there, as far as was counted.
    times: u64,
    /// Where.
    place: TwiceView,
}

/// Where an event is more than once.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderDuplicatePlace"))]
#[serde(rename_all = "snake_case")]
enum TwiceView {
    /// The stream tells the same several times.
    InStream,
    /// It was delivered several times, which is allowed and changes nothing.
    Delivered,
}

impl From<OrderTimeline> for TimelineView {
    fn from(timeline: OrderTimeline) -> Self {
        let step = |Step { event, timestamp, sequence, delay_ms, data }| StepView {
            event,
            timestamp,
            sequence,
            delay_ms,
            data,
        };
        let gap = |Gap { event, sequence, reason }| GapView {
            event,
            sequence,
            reason: match reason {
                Absence::NotHappened => AbsenceView::NotHappened,
                Absence::NotExpected => AbsenceView::NotExpected,
                Absence::Missing => AbsenceView::Missing,
                Absence::NotRecorded => AbsenceView::NotRecorded,
            },
        };
        let duplicate = |Duplicate { event, sequence, times, place }| DuplicateView {
            event,
            sequence,
            times,
            place: match place {
                Twice::InStream => TwiceView::InStream,
                Twice::Delivered => TwiceView::Delivered,
            },
        };
        Self {
            items: timeline.items.into_iter().map(step).collect(),
            gaps: timeline.gaps.into_iter().map(gap).collect(),
            duplicates: timeline.duplicates.into_iter().map(duplicate).collect(),
        }
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Every event of an order, how long each took, and what is missing or there twice")
        .answers::<TimelineView>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with the order's timeline, also of one that was refused.
///
/// # Errors
/// 401, 404 (also for another user's order) or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let order_id = request.path("id")?;
    let head = env.store.head(&Order::stream(order_id)).await?;
    let order = head.state.as_deref().map(serde_json::from_str::<Order>).transpose()?;
    if !order.is_some_and(|order| order.user_id == caller.user_id || caller.roles.contains(&Role::Operator)) {
        return Err(Problem::not_found("order"));
    }
    let (table, now) = (env.config.table(REPORTING_TABLE)?, request.context.now);
    let timeline = OrderTimeline::read(&env.store, table, order_id, now).await?;
    let timeline = timeline.ok_or_else(|| Problem::not_found("order"))?;
    Response::json(200, &TimelineView::from(timeline))
}
