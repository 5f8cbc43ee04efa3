//! The boosts of one target that are not over, and what they come to.

use quoin_events::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Boost;

/// Boosts that have not been ended, in the order of their beginnings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Running(Vec<Boost>);

/// What a target has from boosts at a moment, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BoostStanding"))]
pub struct Standing {
    /// What counts, in all.
    pub score: u64,
    /// At which moment.
    pub as_of: Timestamp,
    /// Each boost that counts, what ends soonest first.
    pub boosts: Vec<Counted>,
}

/// A boost and what it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CountedBoost"))]
pub struct Counted {
    /// The boost.
    #[serde(rename = "eventId")]
    pub event_id: String,
    /// Who gave it.
    pub by: String,
    /// Its credits.
    pub amount: u32,
    /// What of them counts now.
    pub counts: u32,
    /// From when on nothing of them does.
    pub until: Timestamp,
    /// When it counts less next.
    pub next_change_at: Timestamp,
}

impl Running {
    /// With one more, which changes nothing if it is there.
    pub fn add(&mut self, boost: Boost) {
        if self.0.iter().all(|known| known.event_id != boost.event_id) {
            self.0.push(boost);
            self.0.sort_by(|one, two| (one.from, &one.event_id).cmp(&(two.from, &two.event_id)));
        }
    }

    /// With those of `other`, each once.
    pub fn join(&mut self, other: Self) {
        other.0.into_iter().for_each(|boost| self.add(boost));
    }

    /// Takes out those that are over at `at`.
    #[must_use]
    pub fn end(&mut self, at: Timestamp) -> Vec<Boost> {
        self.0.extract_if(.., |boost| boost.is_over(at)).collect()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What they come to at `at`.
    #[must_use]
    pub fn score(&self, at: Timestamp) -> u64 {
        self.0.iter().map(|boost| u64::from(boost.counts(at))).fold(0, u64::saturating_add)
    }

    /// The first moment after `at` at which they come to less.
    #[must_use]
    pub fn next_step(&self, at: Timestamp) -> Option<Timestamp> {
        self.0.iter().filter_map(|boost| boost.next_step(at)).min()
    }

    /// When the first of them is over.
    #[must_use]
    pub fn next_end(&self) -> Option<Timestamp> {
        self.0.iter().map(Boost::until).min()
    }

    /// When the last of them is over.
    #[must_use]
    pub fn last_end(&self) -> Option<Timestamp> {
        self.0.iter().map(Boost::until).max()
    }

    /// What they come to at `at`, and by what.
    #[must_use]
    pub fn standing(&self, at: Timestamp) -> Standing {
        let counted = |boost: &Boost| {
            let next_change_at = boost.next_step(at)?;
            Some(Counted {
                event_id: boost.event_id.clone(),
                by: boost.user_id.clone(),
                amount: boost.credits,
                counts: boost.counts(at),
                until: boost.until(),
                next_change_at,
            })
        };
        let mut boosts: Vec<_> = self.0.iter().filter_map(counted).collect();
        boosts.sort_by(|one, two| (one.until, &one.event_id).cmp(&(two.until, &two.event_id)));
        Standing { score: self.score(at), as_of: at, boosts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boost::tests::boost;
    use proptest::prelude::*;

    fn running(boosts: &[Boost]) -> Running {
        let mut running = Running::default();
        boosts.iter().cloned().for_each(|boost| running.add(boost));
        running
    }

    fn boosts() -> impl Strategy<Value = Vec<Boost>> {
        let one = (0_u32..30, 1_u32..10_000, 1_u32..168, 0_i64..300_000_000);
        prop::collection::vec(one.prop_map(|(number, credits, hours, from)| boost(number, credits, hours, from)), 0..20)
            .prop_map(|mut boosts| {
                // One id is one boost.
                boosts.sort_by(|one, two| one.event_id.cmp(&two.event_id));
                boosts.dedup_by(|one, two| one.event_id == two.event_id);
                boosts
            })
    }

    proptest! {
        #[test]
        fn the_order_in_which_boosts_are_heard_of_and_repetitions_change_nothing(
            (boosts, shuffled) in boosts().prop_flat_map(|boosts| (Just(boosts.clone()), Just(boosts).prop_shuffle())),
        ) {
            let mut twice = running(&shuffled);
            boosts.iter().cloned().for_each(|boost| twice.add(boost));
            prop_assert_eq!(twice, running(&boosts));
        }

        #[test]
        fn a_standing_explains_its_score_which_stays_until_the_next_step(boosts in boosts(), at in 0_i64..900_000_000) {
            let (mut running, at) = (running(&boosts), Timestamp::from_millis(at));
            let standing = running.standing(at);
            prop_assert_eq!(standing.score, standing.boosts.iter().map(|one| u64::from(one.counts)).sum::<u64>());
            let next = running.next_step(at);
            prop_assert_eq!(next, standing.boosts.iter().map(|one| one.next_change_at).min());
            if let Some(next) = next {
                prop_assert_eq!(running.score(next.plus_millis(-1)), standing.score);
            }
            let ended = running.end(at);
            prop_assert!(ended.iter().all(|boost| boost.counts(at) == 0));
            prop_assert_eq!(running.standing(at), standing);
            prop_assert_eq!(boosts.len().checked_sub(ended.len()), Some(running.0.len()));
        }

        #[test]
        fn after_the_last_end_nothing_is_left(boosts in boosts()) {
            let mut running = running(&boosts);
            while let Some(end) = running.next_end() {
                prop_assert!(!running.end(end).is_empty());
            }
            prop_assert_eq!(running, Running::default());
        }
    }
}
