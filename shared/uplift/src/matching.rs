//! Which target what was boosted is compared with: the one that was most like it before, and near enough.

use std::collections::{BTreeMap, BTreeSet};

use crate::{History, Span, Tally};

/// How unlike two may be that are compared: the sum of how far apart the logarithms of their views and of their orders
/// are, a quarter being some 28 in a hundred of one of them.
pub const CALIPER: f64 = 0.25;

/// Of a longer stretch the first days are looked at: no boost touches more.
pub const MOST_DAYS: i64 = 8;

/// What a boosted target and its match had, a day, before and while it was boosted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The days while it was boosted.
    pub span: Span,
    /// The boosted target, before.
    pub before: Tally,
    /// The boosted target, while it was.
    pub during: Tally,
    /// Its match, before.
    pub match_before: Tally,
    /// Its match, in the days while the other was boosted.
    pub match_during: Tally,
}

/// How many stretches say nothing, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unmatched {
    /// It had been boosted in the days before as well.
    pub boosted_before: usize,
    /// Nothing is known of it before: it is new, or nobody looked at it.
    pub unknown_before: usize,
    /// Nothing that was not boosted was like it.
    pub unlike: usize,
}

impl Unmatched {
    /// All of them.
    #[must_use]
    pub const fn all(self) -> usize {
        self.boosted_before + self.unknown_before + self.unlike
    }
}

/// Stretches and what they are compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matched {
    /// Those that are compared.
    pub pairs: Vec<Pair>,
    /// Those that are not.
    pub unmatched: Unmatched,
}

/// The stretches of `targets` that began within `range` and are over, or as far on as they are looked at, each with its
/// match. One after the other, in order of their days and their targets; a target is a match once. Whether a stretch is
/// over is told by the day after the range, which histories have to know, too.
#[must_use]
pub fn pairs(targets: &BTreeMap<String, History>, range: Span) -> Matched {
    let mut stretches: Vec<(Span, &str)> = Vec::new();
    for (target, history) in targets {
        let spans = history.stretches().into_iter().map(first_days);
        let spans = spans.filter(|span| range.first <= span.first && span.last <= range.last);
        stretches.extend(spans.map(|span| (span, target.as_str())));
    }
    stretches.sort_by_key(|(span, target)| (span.first, *target));
    let (mut matched, mut taken) = (Matched::default(), BTreeSet::new());
    for (span, target) in stretches {
        let Some(history) = targets.get(target) else { continue };
        if !history.is_known(span.before()) {
            matched.unmatched.unknown_before += 1;
        } else if history.sum(span.before()).is_boosted {
            matched.unmatched.boosted_before += 1;
        } else if let Some((name, other)) = nearest(targets, (target, history), span, &taken) {
            taken.insert(name);
            matched.pairs.push(Pair {
                span,
                before: history.sum(span.before()),
                during: history.sum(span),
                match_before: other.sum(span.before()),
                match_during: other.sum(span),
            });
        } else {
            matched.unmatched.unlike += 1;
        }
    }
    matched
}

fn first_days(span: Span) -> Span {
    Span { last: span.last.min(span.first + MOST_DAYS - 1), ..span }
}

/// Of what is not taken and was not boosted, what was most like `target` in the days before `span`. Of equals the first
/// by name.
fn nearest<'a>(
    targets: &'a BTreeMap<String, History>,
    (target, history): (&str, &History),
    span: Span,
    taken: &BTreeSet<&str>,
) -> Option<(&'a str, &'a History)> {
    let wanted = history.sum(span.before());
    let both = Span { first: span.before().first, last: span.last };
    targets
        .iter()
        .filter(|(name, _)| *name != target && !taken.contains(name.as_str()))
        .filter(|(_, other)| other.is_known(span.before()) && !other.sum(both).is_boosted)
        .map(|(name, other)| (distance(wanted, other.sum(span.before())), name, other))
        .filter(|(distance, _, _)| *distance <= CALIPER)
        .min_by(|(left, ..), (right, ..)| left.total_cmp(right))
        .map(|(_, name, other)| (name.as_str(), other))
}

fn distance(left: Tally, right: Tally) -> f64 {
    let apart = |left: u64, right: u64| (count(left).ln_1p() - count(right).ln_1p()).abs();
    apart(left.views, right.views) + apart(left.orders, right.orders)
}

/// A count as a float, exact up to four thousand million, which is more than people who look at anything in a week.
pub(crate) fn count(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Span = Span { first: 100, last: 127 };

    /// A target with so many views a day from the 90th day on, boosted on `boosted`.
    fn target(views: u64, boosted: std::ops::Range<i64>) -> History {
        (90..=130).map(|day| (day, Tally { views, orders: 0, is_boosted: boosted.contains(&day) })).collect()
    }

    fn named(targets: impl IntoIterator<Item = (&'static str, History)>) -> BTreeMap<String, History> {
        targets.into_iter().map(|(name, history)| (name.to_owned(), history)).collect()
    }

    #[test]
    fn the_nearest_that_was_not_boosted_is_the_match_and_is_so_once() {
        let targets = named([
            ("boosted", target(20, 110..112)),
            ("boosted-too", target(20, 110..112)),
            ("boosted-then", target(20, 111..113)),
            ("far", target(90, 0..0)),
            ("near", target(21, 0..0)),
            ("nearer", target(20, 0..0)),
        ]);
        let Matched { pairs, unmatched } = pairs(&targets, RANGE);
        assert_eq!(unmatched, Unmatched { unlike: 1, ..Unmatched::default() });
        let matches: Vec<_> = pairs.iter().map(|pair| (pair.span.first, pair.match_before.views)).collect();
        // The first takes the nearest and the second the next; nothing is left for who is boosted after them.
        assert_eq!(matches, [(110, 40), (110, 42)]);
    }

    #[test]
    fn what_cannot_be_compared_is_counted_and_says_why() {
        let of = target(20, 110..112);
        let new = (110..=130).map(|day| (day, of.sum(Span { first: day, last: day }))).collect();
        let mut again = target(20, 112..114);
        again.note(110, Tally { views: 20, orders: 0, is_boosted: true });
        let late = target(20, 126..130);
        let early = target(20, 99..101);
        let targets = named([("new", new), ("again", again), ("late", late), ("early", early)]);
        let found = pairs(&targets, RANGE);
        // The first day of `again` is a stretch of its own; early began before the range, and late is not over yet.
        assert_eq!(found.unmatched.unknown_before, 1);
        assert_eq!(found.unmatched.boosted_before, 1);
        assert_eq!(found.unmatched.all() + found.pairs.len(), 3);
    }

    #[test]
    fn of_a_long_stretch_the_first_days_are_compared() {
        let targets = named([("long", target(20, 105..127)), ("other", target(20, 0..0))]);
        let found = pairs(&targets, RANGE);
        let spans: Vec<_> = found.pairs.iter().map(|pair| pair.span).collect();
        assert_eq!(spans, [Span { first: 105, last: 112 }]);
    }
}
