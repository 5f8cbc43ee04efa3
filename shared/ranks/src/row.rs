//! The row of something that is listed, with the two lists that it stands in: by its score, and the newest first.

use quoin_events::Timestamp;
use quoin_store::{Commit, Item, Key, Store, StoreError, Update};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{List, Rank, authored};

const ENTITY: &str = "entity";
const STATUS: &str = "status";
const BOOSTED: &str = "boosted";
const VERSION: &str = "v";

/// Something that stands in lists.
pub trait Listed: Serialize + DeserializeOwned + Clone + PartialEq {
    /// What its row and its stream are called: `<kind>#<id>` / `<kind>`, and `<kind>#<id>`.
    const KIND: &'static str;
    /// What its stream keeps.
    type State: Serialize;
    /// What of it is in its stream: all but what others' events have added.
    fn state(&self) -> &Self::State;
    /// Its id.
    fn id(&self) -> &str;
    /// Since when it is there.
    fn since(&self) -> Timestamp;
    /// How far it is, for those who look at the row from outside.
    fn status(&self) -> &'static str;
    /// Whether lists show it.
    fn is_listed(&self) -> bool;
    /// What it counts without boosts.
    fn base(&self) -> u64;
    /// Who wrote what people read of it.
    fn author(&self) -> &str;
    /// The same once its author was forgotten: without what only they wrote.
    #[must_use]
    fn without_author(&self) -> Self;
}

/// In which order a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    /// The highest score first.
    ByScore,
    /// The newest first.
    Newest,
}

impl Sorted {
    /// The list in `table` that has this order.
    #[must_use]
    pub const fn list(self, table: &str) -> List<'_> {
        match self {
            Self::ByScore => List { table, name: "by-score" },
            Self::Newest => List { table, name: "newest" },
        }
    }
}

/// The row of something that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<T> {
    /// What it is.
    pub entity: T,
    /// What boosts add to what it counts.
    pub boosted: u64,
    /// How often it has been written.
    version: u64,
}

impl<T: Listed> Row<T> {
    /// The row of `entity`, which nothing has boosted.
    #[must_use]
    pub const fn new(entity: T) -> Self {
        Self { entity, boosted: 0, version: 0 }
    }

    /// Where the row of `id` stands.
    #[must_use]
    pub fn key(id: &str) -> Key {
        Key::new(format!("{}#{id}", T::KIND), T::KIND)
    }

    /// The row of an item.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(item: &Item) -> Result<Self, StoreError> {
        let number = |name| item.get_number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
        Ok(Self { entity: item.require_json(ENTITY)?, boosted: number(BOOSTED), version: number(VERSION) })
    }

    /// The row of `id` in `table`, if there is one; read consistently.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn find(store: &Store, table: &str, id: &str) -> Result<Option<Self>, StoreError> {
        store.get(table, &Self::key(id), true).await?.as_ref().map(Self::read).transpose()
    }

    /// What it counts.
    #[must_use]
    pub fn score(&self) -> u64 {
        self.entity.base().saturating_add(self.boosted)
    }

    /// The commit that makes a new row of it, and puts it into its lists and among what its author wrote.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn created(&self, table: &str) -> Result<Commit, StoreError> {
        let key = Self::key(self.entity.id());
        let item = Item::new()
            .text("pk", key.pk)
            .text("sk", key.sk)
            .text(STATUS, self.entity.status())
            .json(ENTITY, &self.entity)?
            .number(BOOSTED, self.boosted)
            .number(VERSION, 1);
        let commit = Commit::new().put_new(table, item).put(table, authored::row(&self.entity));
        Ok(self.moved(commit, table, None))
    }

    /// The commit that makes `next` of it, and moves it in its lists; it loses if the row was written meanwhile.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn changed(&self, table: &str, next: T, boosted: u64) -> Result<Commit, StoreError> {
        let next = Self { entity: next, boosted, version: self.version.saturating_add(1) };
        let update = Update::of(table, Self::key(next.entity.id()))
            .text(STATUS, next.entity.status())
            .json(ENTITY, &next.entity)?
            .number(BOOSTED, boosted)
            .number(VERSION, next.version)
            .if_number(VERSION, self.version);
        Ok(next.moved(Commit::new().update(update), table, Some(self)))
    }

    /// The commit that changes nothing, and loses if the row was written meanwhile: what is decided without a change of
    /// it is decided on what it is.
    #[must_use]
    pub fn unchanged(&self, table: &str) -> Commit {
        let update = Update::of(table, Self::key(self.entity.id()));
        Commit::new().update(update.number(VERSION, self.version).if_number(VERSION, self.version))
    }

    /// A page of those that are listed, and where the next one begins. What has left the list meanwhile is missing.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn page(
        store: &Store,
        list: &List<'_>,
        limit: u32,
        after: Option<&Key>,
    ) -> Result<(Vec<Self>, Option<Key>), StoreError> {
        let page = list.page(store, limit, after).await?;
        let keys: Vec<_> = page.ids.iter().map(|id| (list.table, Self::key(id))).collect();
        let found = store.batch(&keys).await?;
        let rows = found.iter().flatten().map(Self::read).collect::<Result<Vec<_>, _>>()?;
        Ok((rows.into_iter().filter(|row| row.entity.is_listed()).collect(), page.next))
    }

    fn moved(&self, commit: Commit, table: &str, from: Option<&Self>) -> Commit {
        [Sorted::ByScore, Sorted::Newest].into_iter().fold(commit, |commit, order| {
            let from = from.and_then(|row| row.rank(order));
            order.list(table).moved(commit, from.as_ref(), self.rank(order).as_ref())
        })
    }

    /// Where it stands in a list; nowhere if it is not shown.
    fn rank(&self, order: Sorted) -> Option<Rank> {
        let score = match order {
            Sorted::ByScore => self.score(),
            Sorted::Newest => 0,
        };
        let rank = || Rank { score, since: self.entity.since(), id: self.entity.id().to_owned() };
        self.entity.is_listed().then(rank)
    }
}
