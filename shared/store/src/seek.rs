//! Events of a stream by their sequence: which item holds one is not told by its key.

use crate::{Store, StoreError};

/// Items of a page.
const PAGE: i32 = 50;

/// The search for the item that holds an event: the first whose events, and all before them, go beyond it.
#[derive(Debug)]
struct Search {
    /// A version that ends before the event; 0 stands for the beginning.
    before: u64,
    /// A version that does not, or that is not there.
    beyond: Option<u64>,
    stride: u64,
}

impl Search {
    const fn new() -> Self {
        Self { before: 0, beyond: None, stride: 1 }
    }

    /// The version to look at next: strides double until one goes beyond, then the rest is halved.
    const fn probe(&self) -> Option<u64> {
        match self.beyond {
            None => Some(self.before.saturating_add(self.stride)),
            Some(beyond) => {
                let half = beyond.saturating_sub(self.before) >> 1;
                if half == 0 { None } else { Some(self.before.saturating_add(half)) }
            }
        }
    }

    const fn saw(&mut self, version: u64, is_beyond: bool) {
        if is_beyond {
            self.beyond = Some(version);
        } else {
            self.before = version;
            self.stride = self.stride.saturating_mul(2);
        }
    }
}

impl Store {
    /// Events of the stream `pk` from sequence `from` on, in order, each with its sequence: some of them, and none
    /// only if there are none. Read consistently.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn events_from(&self, pk: &str, from: u64) -> Result<Vec<(u64, String)>, StoreError> {
        let mut search = Search::new();
        while let Some(version) = search.probe() {
            // Versions have no gaps, so what follows the one before is this one, or nothing.
            let page = self.stream_page(pk, version.saturating_sub(1), 1).await?;
            let is_beyond = page.first().is_none_or(|item| item.next_sequence() > from);
            search.saw(version, is_beyond);
        }
        let mut after = search.before;
        loop {
            let page = self.stream_page(pk, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(Vec::new()) };
            after = last.version();
            let told = page.iter().flat_map(|item| (item.first_sequence()..).zip(item.events()));
            let events: Vec<_> = told.filter(|(sequence, _)| *sequence >= from).collect();
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_search_ends_just_before_the_item_that_holds_the_event(
            counts in prop::collection::vec(0_u64..4, 0..60), from in 1_u64..150,
        ) {
            // Where each item's events end, the item that holds `from`, and how many looks it took.
            let ends: Vec<u64> = counts.iter().scan(1, |next, count| { *next += count; Some(*next) }).collect();
            let holder = ends.iter().position(|end| *end > from).unwrap_or(ends.len()) as u64 + 1;
            let (mut search, mut looks) = (Search::new(), 0);
            while let Some(version) = search.probe() {
                let end = ends.get(usize::try_from(version - 1).unwrap());
                search.saw(version, end.is_none_or(|end| *end > from));
                looks += 1;
            }
            prop_assert_eq!(search.before + 1, holder);
            prop_assert!(looks <= 14, "{} looks", looks);
        }
    }
}
