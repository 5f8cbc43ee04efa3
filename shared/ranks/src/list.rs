//! A list in a service's table: where its rows stand, how they move, and how a page of it is read.

use quoin_store::{Commit, Item, Key, Store, StoreError};

use crate::Rank;

/// Partitions of a list, so that no one of them takes every write. A page reads a page of each.
pub const SHARDS: u8 = 4;

/// What a row says of itself besides its place.
const ID: &str = "id";

/// A list of a service's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List<'a> {
    /// The service's table.
    pub table: &'a str,
    /// The list's name in it; a position in one list is none in another.
    pub name: &'a str,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedPage {
    /// What stands there, first in front.
    pub ids: Vec<String>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Key>,
}

impl List<'_> {
    /// `commit`, and what it writes of moves from one place to another: `None` is in no place. Nothing is written if it
    /// stays where it is.
    ///
    /// That `from` is where it stands is for the commit to require, of the row that says so.
    #[must_use]
    pub fn moved(&self, commit: Commit, from: Option<&Rank>, to: Option<&Rank>) -> Commit {
        if from == to {
            return commit;
        }
        let commit = from.into_iter().fold(commit, |commit, rank| commit.delete(self.table, self.key(rank)));
        to.into_iter().fold(commit, |commit, rank| commit.put(self.table, self.row(rank)))
    }

    /// At most `limit` of the list from its front, or after `after`. What moves between two pages may be on both, or on
    /// neither.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn page(&self, store: &Store, limit: u32, after: Option<&Key>) -> Result<RankedPage, StoreError> {
        let partitions: Vec<_> = (0..SHARDS).map(|shard| self.partition(shard)).collect();
        let page = store.newest_of(self.table, &partitions, limit, after.map(|key| key.sk.as_str())).await?;
        let id = |item: &Item| Ok(item.require_text(ID)?.to_owned());
        let ids = page.items.iter().map(id).collect::<Result<_, StoreError>>()?;
        Ok(RankedPage { ids, next: page.next.map(|sk| Key::new(self.name, sk)) })
    }

    fn row(&self, rank: &Rank) -> Item {
        let key = self.key(rank);
        Item::new().text("pk", key.pk).text("sk", key.sk).text(ID, &rank.id)
    }

    fn key(&self, rank: &Rank) -> Key {
        Key::new(self.partition(shard(&rank.id)), rank.sort_key())
    }

    fn partition(&self, shard: u8) -> String {
        format!("{}#{shard}", self.name)
    }
}

fn shard(id: &str) -> u8 {
    id.bytes().fold(0_u8, u8::wrapping_add).checked_rem(SHARDS).unwrap_or(0)
}
