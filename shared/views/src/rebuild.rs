//! A view made again from the journal while traffic goes on.
//!
//! A new generation is begun, and consumers write it beside the one that is read. Once no consumer runs any more that
//! began before that, the whole journal is gone through, and each stream's rows are made by what consumers make them
//! with. So each event is in the stream when it is gone through, or comes to a consumer that writes both. Then the new
//! generation is read, and once nobody goes by the old one any more, that is removed.

use std::collections::BTreeSet;

use quoin_store::{Clock, Key, Position, Store};

use crate::generation::split;
use crate::project::{Projected, project};
use crate::stream::Entity;
use crate::{Difference, Generations, View, ViewError, compare};

/// Items of a page.
const PAGE: i32 = 200;

/// How far the new generation is filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Items of the journal that were looked at.
    pub items: u64,
    /// Streams that make rows of the view.
    pub streams: u64,
    /// Streams whose rows consumers had not written already.
    pub written: u64,
}

/// A rebuild under way.
#[derive(Debug)]
pub struct Rebuild<'a> {
    store: &'a Store,
    clock: &'a Clock,
    table: &'a str,
    view: View,
    generations: Generations,
    building: u64,
}

impl<'a> Rebuild<'a> {
    /// Begins a new generation of `view`. `again` gives up one that somebody else, or nobody any more, is filling.
    ///
    /// # Errors
    /// See [`ViewError`].
    pub async fn begin(
        store: &'a Store,
        clock: &'a Clock,
        table: &'a str,
        view: View,
        again: bool,
    ) -> Result<Self, ViewError> {
        let before = Generations::read(store, table).await?;
        if before.building().is_some() && !again {
            return Err(ViewError::Building);
        }
        let generations = before.begun().write(store, table).await?.ok_or(ViewError::Superseded)?;
        let building = generations.building().ok_or(ViewError::Superseded)?;
        Ok(Self { store, clock, table, view, generations, building })
    }

    /// The generation that is read, and the one that is filled.
    #[must_use]
    pub const fn generations(&self) -> (u64, u64) {
        (self.generations.live(), self.building)
    }

    /// Fills the new generation from the journal. Consumers that do not know of it must be over.
    ///
    /// # Errors
    /// See [`ViewError`]; then nothing is lost but the new generation.
    pub async fn fill(&self, mut said: impl FnMut(Filled)) -> Result<Filled, ViewError> {
        let (mut filled, mut after): (Filled, Option<Position>) = Default::default();
        loop {
            let page = self.store.journal_page(after.as_ref(), PAGE).await?;
            filled.items = filled.items.saturating_add(u64::try_from(page.items.len()).unwrap_or(0));
            for item in page.items.iter().filter(|item| item.version() == 1) {
                let Some(entity) = Entity::of_stream(item.pk()) else { continue };
                if !self.view.is_made_of(&entity.kind) {
                    continue;
                }
                filled.streams = filled.streams.saturating_add(1);
                let done = project(self.store, self.clock, self.table, self.building, self.view, &entity).await?;
                if done == Projected::Written {
                    filled.written = filled.written.saturating_add(1);
                }
            }
            said(filled);
            after = page.next;
            if after.is_none() {
                return Ok(filled);
            }
        }
    }

    /// What the generation that is read says otherwise than the new one, whatever is on its way.
    ///
    /// # Errors
    /// See [`ViewError`].
    pub async fn differences(&self) -> Result<Vec<Difference>, ViewError> {
        Ok(compare::differences(self.store, self.clock, self.table, self.generations()).await?)
    }

    /// From now on the new generation is read.
    ///
    /// # Errors
    /// See [`ViewError`]; the new generation is not read if another rebuild took over.
    pub async fn switch(&mut self) -> Result<(), ViewError> {
        let switched = self.generations.switched().write(self.store, self.table).await?;
        self.generations = switched.ok_or(ViewError::Superseded)?;
        Ok(())
    }

    /// The new generation is not written any more.
    ///
    /// # Errors
    /// See [`ViewError`].
    pub async fn abandon(&mut self) -> Result<(), ViewError> {
        let abandoned = self.generations.abandoned().write(self.store, self.table).await?;
        self.generations = abandoned.ok_or(ViewError::Superseded)?;
        Ok(())
    }

    /// Removes every generation that is neither read nor filled. Whoever went by one must be over. Says how many rows
    /// went.
    ///
    /// # Errors
    /// See [`ViewError`]; the next rebuild removes what is left.
    pub async fn sweep(&self, mut said: impl FnMut(u64)) -> Result<u64, ViewError> {
        let known = Generations::read(self.store, self.table).await?;
        let (mut removed, mut after): (u64, Option<Key>) = Default::default();
        loop {
            let page = self.store.table_page(self.table, after.as_ref(), PAGE).await?;
            let mut keys = BTreeSet::new();
            for item in &page.items {
                let (pk, sk) = (item.require_text("pk")?, item.require_text("sk")?);
                if split(pk).is_some_and(|(generation, _)| known.is_over(generation)) {
                    keys.insert(Key::new(pk, sk));
                }
            }
            let count = u64::try_from(keys.len()).unwrap_or(0);
            self.store.delete_all(self.clock, self.table, keys).await?;
            removed = removed.saturating_add(count);
            said(removed);
            after = page.next;
            if after.is_none() {
                return Ok(removed);
            }
        }
    }
}
