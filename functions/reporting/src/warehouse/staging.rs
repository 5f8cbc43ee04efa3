//! Events on their way to the warehouse: rows by event type, day and shard, in order of time, and a mark where there
//! are any.

use std::collections::{BTreeMap, BTreeSet};

use quoin_events::event_type;
use quoin_runtime::{Env, Failure};
use quoin_store::{Item, Key, Query, StoreError};

use super::{Line, Parts};
use crate::{Recorded, trail};

/// How many partitions of the table the rows of one event type's day are spread over.
const SHARDS: u8 = 4;
/// What is known of a day's parts is kept for so long after its last event's copies are gone.
const KNOWN_SECONDS: i64 = 14 * 86_400;
/// Where the marks are.
const MARKS: &str = "marks";
/// Where the bounds of closed parts are.
const PARTS: &str = "parts";

/// The events of one type on one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Partition {
    pub(crate) day: String,
    pub(crate) event: String,
}

impl Partition {
    fn mark_sk(&self) -> String {
        format!("{}#{}", self.day, self.event)
    }

    fn of_mark(sk: &str) -> Option<Self> {
        let (day, event) = sk.split_once('#')?;
        Some(Self { day: day.to_owned(), event: event.to_owned() })
    }

    fn stage_pk(&self, shard: u8) -> String {
        format!("stage#{}#{}#{shard}", self.day, self.event)
    }

    /// Days that copies of its events are kept.
    pub(crate) fn retention_days(&self) -> u16 {
        event_type(&self.event).map_or(trail::UNLISTED_DAYS, |known| known.retention_days)
    }

    /// Name of its `number`th object.
    pub(crate) fn object_key(&self, number: usize) -> String {
        format!("retention={}/event={}/day={}/part-{number}.ndjson", self.retention_days(), self.event, self.day)
    }
}

/// An event that is to be staged.
#[derive(Debug, Clone)]
pub(crate) struct Staged {
    partition: Partition,
    row: Item,
}

impl Staged {
    /// The row of `recorded`. It does not expire: only what is in the warehouse may go.
    ///
    /// # Errors
    /// Poison, if it is not an event with a moment.
    pub(crate) fn of(recorded: &Recorded) -> Result<Self, Failure> {
        let text = recorded.canonical().map_err(Failure::poison)?;
        let line = Line::read(&text).map_err(|error| Failure::poison(format!("no line of the warehouse: {error}")))?;
        let partition = Partition { day: line.at.day(), event: recorded.envelope().event.clone() };
        let row = Item::new()
            .text("pk", partition.stage_pk(shard_of(&line.event_id)))
            .text("sk", line.place())
            .text("line", text);
        Ok(Self { partition, row })
    }
}

fn shard_of(event_id: &str) -> u8 {
    let sum = event_id.bytes().fold(0_u8, u8::wrapping_add);
    sum.checked_rem(SHARDS).unwrap_or(0)
}

/// Puts rows, and then the marks that lead to them: whoever takes a mark away has seen the rows that it was put for.
///
/// # Errors
/// The classes of every request; then stage all of them again.
pub(crate) async fn stage(env: &Env, table: &str, staged: &[Staged]) -> Result<(), StoreError> {
    env.store.put_all(&env.clock, table, staged.iter().map(|one| one.row.clone()).collect()).await?;
    let partitions: BTreeSet<&Partition> = staged.iter().map(|one| &one.partition).collect();
    let mark = |partition: &Partition| {
        let token = format!("{:032x}", env.clock.random_u128());
        Item::new().text("pk", MARKS).text("sk", partition.mark_sk()).text("token", token)
    };
    env.store.put_all(&env.clock, table, partitions.into_iter().map(mark).collect()).await
}

/// Says that a partition has rows.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) partition: Partition,
    token: String,
}

/// All marks, in order of their days.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn marks(env: &Env, table: &str) -> Result<Vec<Mark>, StoreError> {
    let (mut marks, mut after) = (Vec::new(), None);
    loop {
        let page = env.store.query(table, Query::of(MARKS).after(after).consistent()).await?;
        for item in &page.items {
            if let Some(partition) = Partition::of_mark(item.require_text("sk")?) {
                marks.push(Mark { partition, token: item.require_text("token")?.to_owned() });
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(marks);
        }
    }
}

/// Takes `mark` away, unless rows were staged since.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn clear(env: &Env, table: &str, mark: &Mark) -> Result<(), StoreError> {
    let key = Key::new(MARKS, mark.partition.mark_sk());
    env.store.delete_if_text(table, &key, "token", &mark.token).await.map(|_| ())
}

/// Rows of a partition: all up to some moment, and whether there are more.
pub(crate) struct Rows {
    pub(crate) keys: BTreeSet<Key>,
    pub(crate) lines: Vec<Line>,
    pub(crate) has_more: bool,
}

/// The earliest rows of `partition`, a page of each shard. Of shards that have more, only what is known to be complete
/// in all of them is taken: parts are filled in order of time.
///
/// # Errors
/// If the table cannot be read, or a row is no event.
pub(crate) async fn staged(env: &Env, table: &str, partition: &Partition) -> Result<Rows, Failure> {
    staged_between(env, table, partition, None).await
}

/// The same of a span of `<moment>#<event id>`.
///
/// # Errors
/// If the table cannot be read, or a row is no event.
pub(crate) async fn staged_between(
    env: &Env,
    table: &str,
    partition: &Partition,
    span: Option<(&str, &str)>,
) -> Result<Rows, Failure> {
    let mut found: BTreeMap<String, (Key, String)> = BTreeMap::new();
    let mut horizon: Option<String> = None;
    for shard in 0..SHARDS {
        let query = Query::of(partition.stage_pk(shard)).consistent();
        let query = match span {
            Some((from, to)) => query.between(from, to),
            None => query,
        };
        let page = env.store.query(table, query).await?;
        if let Some(next) = page.next {
            horizon = Some(horizon.map_or(next.sk.clone(), |horizon| horizon.min(next.sk.clone())));
        }
        for item in &page.items {
            let (pk, sk) = (item.require_text("pk")?, item.require_text("sk")?);
            found.insert(sk.to_owned(), (Key::new(pk, sk), item.require_text("line")?.to_owned()));
        }
    }
    let has_more = horizon.is_some();
    let complete = found.into_iter().filter(|(sk, _)| horizon.as_ref().is_none_or(|horizon| sk <= horizon));
    let mut rows = Rows { keys: BTreeSet::new(), lines: Vec::new(), has_more };
    for (_, (key, text)) in complete {
        let line = Line::read(&text).map_err(|error| Failure::poison(format!("a row is no event: {error}")))?;
        rows.keys.insert(key);
        rows.lines.push(line);
    }
    Ok(rows)
}

/// Removes rows that are in the warehouse.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn remove(env: &Env, table: &str, keys: BTreeSet<Key>) -> Result<(), StoreError> {
    env.store.delete_all(&env.clock, table, keys).await
}

/// What is known of the closed parts of `partition`.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn known_bounds(env: &Env, table: &str, partition: &Partition) -> Result<Parts, StoreError> {
    let item = env.store.get(table, &Key::new(PARTS, partition.mark_sk()), false).await?;
    let bounds = item.map(|item| item.get_texts("bounds")).unwrap_or_default();
    // What cannot be read is forgotten: the parts themselves tell.
    Ok(Parts(bounds.iter().map_while(|bound| bound.parse().ok()).collect()))
}

/// Remembers the bounds of closed parts, so that they need not be read again for it.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn keep_bounds(
    env: &Env,
    table: &str,
    partition: &Partition,
    parts: &Parts,
) -> Result<(), StoreError> {
    let days = i64::from(partition.retention_days());
    let expires = env.clock.now().plus_seconds(days.saturating_mul(86_400).saturating_add(KNOWN_SECONDS)).seconds();
    let item = Item::new()
        .text("pk", PARTS)
        .text("sk", partition.mark_sk())
        .texts("bounds", parts.0.iter().map(ToString::to_string).collect())
        .number("expires", expires);
    env.store.put(table, item).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::tests::recorded;

    #[test]
    fn a_row_is_found_by_its_event_and_its_object_by_retention_event_and_day() {
        let event = recorded("order.created", "2026-01-04T10:17:12.5Z", r#"{"b":1.10,"a":2}"#, r#","event_id":"e1""#);
        let staged = Staged::of(&event).unwrap();
        let again = Staged::of(&event).unwrap();
        assert_eq!(staged.row, again.row);
        assert_eq!(staged.row.get_text("sk"), Some("2026-01-04T10:17:12.500Z#e1"));
        assert_eq!(staged.row.get_number("expires"), None);
        let text = staged.row.get_text("line").unwrap();
        assert!(text.starts_with(r#"{"data":{"a":2,"b":1.10},"event":"order.created","metadata":"#), "{text}");
        let key = staged.partition.object_key(3);
        assert_eq!(key, "retention=365/event=order.created/day=2026-01-04/part-3.ndjson");
        assert_eq!(Partition::of_mark(&staged.partition.mark_sk()), Some(staged.partition));
        let unlisted = Partition { day: "2026-01-04".to_owned(), event: "A#B".to_owned() };
        assert!(unlisted.object_key(0).starts_with("retention=90/event=A#B/"));
        assert_eq!(Partition::of_mark(&unlisted.mark_sk()), Some(unlisted));
    }

    #[test]
    fn ids_are_spread_over_all_shards() {
        let shards: BTreeSet<u8> = (0..100_u32).map(|n| shard_of(&format!("3bb9120f-{n:04x}"))).collect();
        assert_eq!(shards, (0..SHARDS).collect());
    }

    #[test]
    fn every_retention_of_the_catalogue_has_a_rule_of_the_bucket() {
        let declared = include_str!("../../service.yaml");
        let days: BTreeSet<u16> =
            quoin_events::CATALOGUE.iter().map(|known| known.retention_days).chain([trail::UNLISTED_DAYS]).collect();
        let list = days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        assert!(declared.contains(&format!("expire_days: [{list}]")), "{list}");
    }
}
