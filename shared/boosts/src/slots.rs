//! How many boosts of one target may run at once: each has a place until its end.

use quoin_events::Timestamp;
use serde::{Deserialize, Serialize};

/// The most boosts of one target that run at once.
pub const MAX_RUNNING: usize = 20;

/// The ends of the boosts of a target that run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slots(Vec<Timestamp>);

impl Slots {
    /// The places after a boost until `until` has taken one at `at`; `None` where all are taken.
    #[must_use]
    pub fn take(&self, until: Timestamp, at: Timestamp) -> Option<Self> {
        let mut ends: Vec<_> = self.0.iter().copied().filter(|end| *end > at).collect();
        if ends.len() >= MAX_RUNNING {
            return None;
        }
        ends.push(until);
        Some(Self(ends))
    }

    /// When the first place that is taken at `at` is free again.
    #[must_use]
    pub fn next_free(&self, at: Timestamp) -> Option<Timestamp> {
        self.0.iter().copied().filter(|end| *end > at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_may_run_is_refused_until_one_is_over() {
        let (at, mut slots) = (Timestamp::from_millis, Slots::default());
        for end in 0..20 {
            slots = slots.take(at(100 + end), at(0)).unwrap();
        }
        assert_eq!(slots.take(at(500), at(99)), None);
        assert_eq!(slots.next_free(at(99)), Some(at(100)));
        let slots = slots.take(at(500), at(100)).unwrap();
        assert_eq!(slots.take(at(501), at(100)), None);
        assert_eq!(slots.take(at(600), at(500)), Slots::default().take(at(600), at(0)));
    }
}
