//! What is known of a target, day by day.

use std::collections::BTreeMap;

/// A day: so many after the first of 1970.
pub type Day = i64;

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: Day,
    /// The last.
    pub last: Day,
}

impl Span {
    /// How many days.
    #[must_use]
    pub const fn days(self) -> i64 {
        self.last - self.first + 1
    }

    /// As many days right before it.
    #[must_use]
    pub const fn before(self) -> Self {
        Self { first: self.first - self.days(), last: self.first - 1 }
    }
}

/// What happened to a target on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many people looked at it.
    pub views: u64,
    /// How often what it is for came about.
    pub orders: u64,
    /// Whether a boost touches the day.
    pub is_boosted: bool,
}

/// The days of a target of which anything is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    days: BTreeMap<Day, Tally>,
}

impl FromIterator<(Day, Tally)> for History {
    fn from_iter<I: IntoIterator<Item = (Day, Tally)>>(days: I) -> Self {
        Self { days: days.into_iter().collect() }
    }
}

impl History {
    /// Notes a day.
    pub fn note(&mut self, day: Day, tally: Tally) {
        self.days.insert(day, tally);
    }

    /// What happened in all of `span`; a day of which nothing is known adds nothing.
    pub(crate) fn sum(&self, span: Span) -> Tally {
        self.of(span).fold(Tally::default(), |sum, tally| Tally {
            views: sum.views.saturating_add(tally.views),
            orders: sum.orders.saturating_add(tally.orders),
            is_boosted: sum.is_boosted || tally.is_boosted,
        })
    }

    /// Whether anything is known of it in `span`.
    pub(crate) fn is_known(&self, span: Span) -> bool {
        self.of(span).next().is_some()
    }

    fn of(&self, span: Span) -> impl Iterator<Item = &Tally> {
        self.days.range(span.first..=span.last).map(|(_, tally)| tally)
    }

    /// The days that boosts touch, as stretches without a day between.
    pub(crate) fn stretches(&self) -> Vec<Span> {
        let mut stretches: Vec<Span> = Vec::new();
        for (&day, _) in self.days.iter().filter(|(_, tally)| tally.is_boosted) {
            match stretches.last_mut() {
                Some(last) if last.last + 1 == day => last.last = day,
                Some(_) | None => stretches.push(Span { first: day, last: day }),
            }
        }
        stretches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boosts_whose_days_meet_are_one_stretch() {
        let boosted = |day| (day, Tally { is_boosted: true, ..Tally::default() });
        let history: History =
            [boosted(3), boosted(4), (5, Tally::default()), boosted(7), boosted(8)].into_iter().collect();
        let spans = [Span { first: 3, last: 4 }, Span { first: 7, last: 8 }];
        assert_eq!(history.stretches(), spans);
        assert_eq!(spans[1].before(), Span { first: 5, last: 6 });
        assert!(history.is_known(spans[1].before()) && !history.sum(spans[1].before()).is_boosted);
    }
}
