//! `GET /api/audit/{entity_type}/{entity_id}`: every event of an entity, in order, with what is missing.

use quoin_events::EntityRef;
use quoin_runtime::{Env, Problem, Request, Response, Role};
use quoin_store::{Query, encode_cursor};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::trail::{AuditRow, Gap, gaps, payload, sequence_of, trail_pk};

/// A page of a trail.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Trail {
    /// Whose events.
    entity: EntityRef,
    /// The events, in order.
    items: Vec<Entry>,
    /// Sequences that are missing among them: never published, or not delivered yet.
    gaps: Vec<Gap>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// One event of a trail.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TrailEntry"))]
struct Entry {
    /// Whose stream it is in, where that is not the entity's own: the end of a boost.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<EntityRef>,
    /// Its place in the stream.
    sequence: u64,
    /// Its type.
    event: String,
    /// Its id.
    event_id: String,
    /// When it happened.
    timestamp: String,
    /// The request that led to it.
    request_id: String,
    /// Of the event with members sorted by name and no spaces, in hexadecimal digits.
    sha256: String,
    /// The whole event, as long as copies of its type are kept.
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Every event of an entity, in order, and what is missing (operators)")
        .for_operators()
        .paged()
        .answers::<Trail>(200)
}

/// Answers with a page of an entity's trail.
///
/// # Errors
/// 400 for a cursor that is none, 401, 403 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let entity = EntityRef { kind: request.path("entity_type")?.to_owned(), id: request.path("entity_id")?.to_owned() };
    let table = env.config.table("reporting")?;
    let pk = trail_pk(&entity.kind, &entity.id);
    let pages = request.pages(&pk)?;
    let before = pages.after.as_ref().map_or(0, sequence_of);
    let page = env.store.query(table, Query::of(&pk).limit(pages.limit).after(pages.after)).await?;
    let mut rows = page.items.iter().map(AuditRow::read).collect::<Result<Vec<_>, _>>()?;
    let gaps = gaps(before, rows.iter().map(|row| row.sequence));
    let own = rows.len();
    let end = ended_in(&entity).filter(|_| page.next.is_none());
    if let Some(end) = &end {
        let last = env.store.query(table, Query::of(trail_pk(&end.kind, &end.id)).limit(1)).await?;
        rows.extend(last.items.iter().map(AuditRow::read).collect::<Result<Vec<_>, _>>()?);
    }
    let keys: Vec<_> = rows.iter().map(|row| (table, row.payload_key())).collect();
    let payloads = if keys.is_empty() { Vec::new() } else { env.store.batch(&keys).await? };
    let mut items = Vec::with_capacity(rows.len());
    for (index, (row, item)) in rows.into_iter().zip(payloads).enumerate() {
        let kept = item.as_ref().and_then(|item| payload(item, request.context.now));
        items.push(Entry {
            entity: end.clone().filter(|_| index >= own),
            sequence: row.sequence,
            event: row.event,
            event_id: row.event_id,
            timestamp: row.timestamp,
            request_id: row.request_id,
            sha256: row.sha256,
            payload: kept.map(serde_json::from_str).transpose()?,
        });
    }
    Response::json(200, &Trail { entity, items, gaps, next_cursor: page.next.as_ref().map(encode_cursor) })
}

/// Where the end of an entity is told that does not tell of it itself: a boost is ended by its target's service, in a
/// stream of its own with one event, the last of all.
fn ended_in(entity: &EntityRef) -> Option<EntityRef> {
    (entity.kind == "boost").then(|| EntityRef { kind: "expiry".to_owned(), id: entity.id.clone() })
}
