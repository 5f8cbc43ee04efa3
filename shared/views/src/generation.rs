//! Generations of a view: one is read, and while the view is built again another one is filled beside it.
//!
//! The row that says which is read consistently at the beginning of all work, by consumers and by readers. Whoever began
//! before it changed may still go by what it said before, but not for longer than a function runs. So after each change
//! the rebuild waits for [`SETTLE_SECONDS`]: then every consumer writes the new generation too, and then nobody reads or
//! writes the old one any more.

use quoin_store::{Key, Store, StoreError, Update};

/// Longer than any function runs that reads or writes a view, and than clocks are wrong by.
pub const SETTLE_SECONDS: u32 = 25;

/// Which generations of a view there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generations {
    live: u64,
    building: Option<u64>,
    /// The highest number ever given: none is given twice.
    last: u64,
    revision: u64,
}

fn key() -> Key {
    Key::new("generations", "-")
}

impl Generations {
    /// Those of the view in `table`, read consistently. A view that was never built again is in its first.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn read(store: &Store, table: &str) -> Result<Self, StoreError> {
        let item = store.get(table, &key(), true).await?.unwrap_or_default();
        let number = |name: &str| item.get_number(name).and_then(|number| u64::try_from(number).ok());
        Ok(Self {
            live: number("live").unwrap_or(1),
            building: number("building"),
            last: number("last").unwrap_or(1),
            revision: number("rev").unwrap_or(0),
        })
    }

    /// The one that is read.
    #[must_use]
    pub const fn live(self) -> u64 {
        self.live
    }

    /// The one that is being filled.
    #[must_use]
    pub const fn building(self) -> Option<u64> {
        self.building
    }

    /// All that consumers write.
    pub fn all(self) -> impl Iterator<Item = u64> {
        [Some(self.live), self.building].into_iter().flatten()
    }

    /// Whether rows of `generation` are neither read nor filled, now and ever.
    pub(crate) fn is_over(self, generation: u64) -> bool {
        // A number that was not given yet may be given at any moment.
        generation <= self.last && self.all().all(|used| used != generation)
    }

    /// With a new generation being filled; what was filled before is given up.
    pub(crate) const fn begun(self) -> Self {
        let next = self.last.saturating_add(1);
        Self { building: Some(next), last: next, ..self }
    }

    /// With the new generation in place of the one that was read.
    pub(crate) const fn switched(self) -> Self {
        match self.building {
            Some(live) => Self { live, building: None, ..self },
            None => self,
        }
    }

    /// With the new generation given up.
    pub(crate) const fn abandoned(self) -> Self {
        Self { building: None, ..self }
    }

    /// Writes this in place of what was read; `None` if somebody else did meanwhile.
    pub(crate) async fn write(self, store: &Store, table: &str) -> Result<Option<Self>, StoreError> {
        let next = Self { revision: self.revision.saturating_add(1), ..self };
        let update = Update::of(table, key()).number("live", next.live).number("last", next.last);
        let update = match next.building {
            Some(building) => update.number("building", building),
            None => update.remove("building"),
        };
        let update = update.number("rev", next.revision).if_newer("rev", next.revision);
        Ok(store.update(update).await?.then_some(next))
    }
}

/// The partition `pk` of `generation`.
pub(crate) fn within(generation: u64, pk: &str) -> String {
    format!("g{generation}#{pk}")
}

/// The generation of a partition, and the partition without it.
pub(crate) fn split(pk: &str) -> Option<(u64, &str)> {
    let (generation, rest) = pk.strip_prefix('g')?.split_once('#')?;
    Some((generation.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_given_twice_and_rows_say_theirs() {
        let first = Generations { live: 1, building: None, last: 1, revision: 0 };
        let begun = first.begun();
        assert_eq!(begun.all().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(begun.begun().all().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(begun.abandoned().begun().building(), Some(3));
        assert_eq!(begun.switched().all().collect::<Vec<_>>(), [2]);
        assert_eq!(first.switched(), first);
        let over = |now: Generations| (1..=4).filter(|number| now.is_over(*number)).collect::<Vec<_>>();
        assert_eq!((over(begun), over(begun.switched()), over(begun.begun())), (vec![], vec![1], vec![2]));
        assert_eq!(split(&within(12, "customer#cust_1")), Some((12, "customer#cust_1")));
        assert_eq!(split("generations"), None);
    }
}
