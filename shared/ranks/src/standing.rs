//! A listed entity to be decided on: its row, and the end of its stream. Both are written together, so whoever comes
//! second to either loses and decides again.

use quoin_events::{Draft, Timestamp};
use quoin_ledger::Wallet;
use quoin_store::{Append, Commit, Head, Snapshot, Store, StoreError, Stream};

use crate::{Listed, Row};

/// An entity, its row, and where its stream ends.
#[derive(Debug, Clone)]
pub struct Standing<T> {
    /// Its row.
    pub row: Row<T>,
    head: Head,
}

impl<T> Snapshot for Standing<T> {
    // No wallet takes part.
    fn rebase(&mut self, _wallet: Wallet) {}

    fn is_outdated_by(&self, _item: usize) -> bool {
        true
    }
}

impl<T: Listed> Standing<T> {
    /// The entity `id` of `table`, if there is one; read consistently.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn find(store: &Store, table: &str, id: &str) -> Result<Option<Self>, StoreError> {
        let Some(row) = Row::find(store, table, id).await? else { return Ok(None) };
        let head = store.head(&Stream::new(T::KIND, id)).await?;
        Ok(Some(Self { row, head }))
    }

    /// The moment of a change that is made now: time does not go back in a stream.
    #[must_use]
    pub fn moment(&self, now: Timestamp) -> Timestamp {
        now.max(self.head.at)
    }

    /// The commit that begins `entity` with `event`.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn begun(table: &str, entity: T, event: Draft) -> Result<Commit, StoreError> {
        let append = Append::first(Stream::new(T::KIND, entity.id()), entity.since());
        let append = append.state(entity.state())?.events([event]);
        Ok(Row::new(entity).created(table)?.append(append))
    }

    /// The commit that makes `next` of it at `at`, which `events` tell.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn next(
        &self,
        table: &str,
        next: T,
        at: Timestamp,
        events: impl IntoIterator<Item = Draft>,
    ) -> Result<Commit, StoreError> {
        let append = Append::after(Stream::new(T::KIND, next.id()), &self.head, at);
        let append = append.state(next.state())?.events(events);
        Ok(self.row.changed(table, next, self.row.boosted)?.append(append))
    }
}
