//! The rows of an entity in its consumer's table: the cursor, the parked events, and the mark that something waits.

use quoin_events::{EntityRef, Envelope, Timestamp};
use quoin_store::{Commit, Item, Key, Query, Store, StoreError, Update};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::course::Seen;
use crate::Failure;

/// Partitions of the marks, so that no one of them takes every write.
pub(super) const SHARDS: u8 = 8;

const CURSOR: &str = "cursor";
const PARKED: &str = "park#";

/// Where the rows of one entity are.
#[derive(Debug, Clone)]
pub(super) struct Rows<'a> {
    table: &'a str,
    pk: String,
    mark: Key,
    /// Seconds for which the cursor and what is parked are kept.
    keep_seconds: i64,
    /// Partition of the entity's stream in the journal.
    pub(super) stream: String,
}

/// What the rows say, with what is needed to go on from there.
#[derive(Debug)]
pub(super) struct Look<S> {
    pub(super) seen: Seen,
    pub(super) state: Option<S>,
    /// The envelope of the lowest parked event.
    pub(super) parked: Option<String>,
}

/// An entity that has waited, as its mark tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) entity: EntityRef,
    pub(super) at: Timestamp,
}

/// The partition of the marks in `shard`.
pub(super) fn marks_pk(consumer: &str, shard: u8) -> String {
    format!("waiting#{consumer}#{shard}")
}

/// All shards, from one of them on: a sweep that is cut short is not always cut short before the same ones.
pub(super) fn shards(first: u64) -> impl Iterator<Item = u8> {
    let first = u8::try_from(first.checked_rem(u64::from(SHARDS)).unwrap_or(0)).unwrap_or(0);
    (first..SHARDS).chain(0..first)
}

impl Mark {
    /// What a row of the marks says.
    pub(super) fn read(row: &Item) -> Option<Self> {
        let (kind, id) = row.get_text("sk")?.split_once('#')?;
        let entity = EntityRef { kind: kind.to_owned(), id: id.to_owned() };
        Some(Self { entity, at: row.get_text("at")?.parse().ok()? })
    }
}

impl<'a> Rows<'a> {
    pub(super) fn new(table: &'a str, consumer: &str, keep_days: u16, entity: &EntityRef) -> Self {
        let stream = format!("{}#{}", entity.kind, entity.id);
        let shard = stream.bytes().fold(0_u8, u8::wrapping_add).checked_rem(SHARDS).unwrap_or(0);
        Self {
            table,
            pk: format!("inorder#{consumer}#{stream}"),
            mark: Key::new(marks_pk(consumer, shard), stream.clone()),
            keep_seconds: i64::from(keep_days).saturating_mul(super::DAY_SECONDS),
            stream,
        }
    }

    /// Reads the cursor and the lowest parked event, consistently.
    pub(super) async fn look<S: DeserializeOwned>(&self, store: &Store) -> Result<Look<S>, StoreError> {
        let (mut items, mut after) = (Vec::with_capacity(2), None);
        loop {
            let query = Query::of(self.pk.clone()).limit(2).consistent().after(after.take());
            let page = store.query(self.table, query).await?;
            items.extend(page.items);
            after = page.next;
            if items.len() >= 2 || after.is_none() {
                break;
            }
        }
        let mut look = Look { seen: Seen { last: 0, lowest: None }, state: None, parked: None };
        for item in &items {
            match item.get_text("sk").unwrap_or_default() {
                CURSOR => {
                    look.seen.last = item.get_number("last").and_then(|last| u64::try_from(last).ok()).unwrap_or(0);
                    look.state = item.get_json("st")?;
                }
                sk if look.seen.lowest.is_none() => {
                    look.seen.lowest = sk.strip_prefix(PARKED).and_then(|digits| digits.parse().ok());
                    look.parked = item.get_text("event").map(str::to_owned);
                }
                _ => {}
            }
        }
        Ok(look)
    }

    /// The cursor's move to `sequence`, only from the one before; the first write of the event's transaction.
    pub(super) fn advance(
        &self,
        sequence: u64,
        state: &impl Serialize,
        is_parked: bool,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let before = sequence.saturating_sub(1);
        let (at, expires) = (now.to_string(), self.expires(now));
        let commit = if before == 0 {
            let cursor = Item::new().text("pk", self.pk.clone()).text("sk", CURSOR).number("last", sequence);
            Commit::new().put_new(self.table, cursor.text("at", at).number("expires", expires).json("st", state)?)
        } else {
            let update = Update::of(self.table, Key::new(self.pk.clone(), CURSOR)).if_number("last", before);
            let update = update.number("last", sequence).number("expires", expires);
            Commit::new().update(update.text("at", at).json("st", state)?)
        };
        Ok(if is_parked { commit.delete(self.table, self.parked_key(sequence)) } else { commit })
    }

    /// Marks the entity as waiting, then parks the event: what waits is never without a mark.
    pub(super) async fn park(
        &self,
        store: &Store,
        sequence: u64,
        event: &Envelope,
        now: Timestamp,
    ) -> Result<(), Failure> {
        self.mark(store, sequence, now).await?;
        let key = self.parked_key(sequence);
        let row = Item::new().text("pk", key.pk).text("sk", key.sk).text("at", now.to_string());
        let row = row.text("event", serde_json::to_string(event).map_err(Failure::poison)?);
        // The mark stays: an event that waited for longer is taken from the journal.
        Ok(store.put(self.table, row.number("expires", self.expires(now))).await?)
    }

    /// Marks the entity as waiting, up to the event `sequence`.
    pub(super) async fn mark(&self, store: &Store, sequence: u64, now: Timestamp) -> Result<(), Failure> {
        let mark = Update::of(self.table, self.mark.clone()).text_once("at", now.to_string());
        // Not taken where a later event is parked: the mark stands for that one already.
        store.update(mark.number("upto", sequence).if_newer("upto", sequence)).await?;
        Ok(())
    }

    const fn expires(&self, now: Timestamp) -> i64 {
        now.seconds().saturating_add(self.keep_seconds)
    }

    /// Removes the parked row of `sequence`.
    pub(super) async fn forget(&self, store: &Store, sequence: u64) -> Result<(), StoreError> {
        store.delete(self.table, &self.parked_key(sequence)).await
    }

    /// Removes the mark, unless an event after `last` was parked; says whether there is none now.
    pub(super) async fn clear(&self, store: &Store, last: u64) -> Result<bool, StoreError> {
        store.delete_if_at_most(self.table, &self.mark, "upto", last).await
    }

    fn parked_key(&self, sequence: u64) -> Key {
        Key::new(self.pk.clone(), format!("{PARKED}{sequence:012}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(id: &str) -> EntityRef {
        EntityRef { kind: "order".to_owned(), id: id.to_owned() }
    }

    #[test]
    fn every_mark_is_in_a_partition_that_is_swept() {
        for first in 0..u64::from(SHARDS) {
            let swept: Vec<_> = shards(first).map(|shard| marks_pk("view", shard)).collect();
            assert_eq!(swept.len(), usize::from(SHARDS));
            for id in ["", "o1", "o2", "ord_ff", "with#hash"] {
                assert!(swept.contains(&Rows::new("t", "view", 30, &entity(id)).mark.pk), "{id}");
            }
        }
    }

    #[test]
    fn a_mark_reads_back_whatever_the_entity_is_called() {
        let rows = Rows::new("t", "view", 30, &entity("a#b"));
        let row = Item::new().text("pk", rows.mark.pk).text("sk", rows.mark.sk).text("at", "2026-01-04T10:17:12.567Z");
        let mark = Mark::read(&row).unwrap();
        assert_eq!((mark.entity, mark.at.to_string().as_str()), (entity("a#b"), "2026-01-04T10:17:12.567Z"));
    }

    #[test]
    fn the_cursor_stands_before_the_parked_events_and_those_in_order() {
        let rows = Rows::new("t", "view", 30, &entity("o"));
        let keys = [CURSOR.to_owned(), rows.parked_key(2).sk, rows.parked_key(10).sk, rows.parked_key(1_000_000).sk];
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn the_cursor_is_kept_for_a_while_after_each_of_its_moves() {
        let (now, rows) = (Timestamp::from_millis(86_400_000), Rows::new("t", "view", 30, &entity("o")));
        assert_eq!(rows.expires(now), 31 * 86_400);
        for sequence in [1, 2] {
            let commit = rows.advance(sequence, &(), false, now).unwrap();
            assert!(format!("{commit:?}").contains("2678400"), "{commit:?}");
        }
    }

    #[test]
    fn two_consumers_of_a_table_share_no_row() {
        let (one, other) = (Rows::new("t", "view", 30, &entity("o")), Rows::new("t", "monitor", 30, &entity("o")));
        assert!(one.pk != other.pk && one.mark.pk != other.mark.pk);
    }
}
