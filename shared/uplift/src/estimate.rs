//! From pairs to what a boost brings, a target and a day.

use std::collections::BTreeMap;

use crate::matching::count;
use crate::{History, Interval, Pair, Span, Tally, Unmatched, interval, pairs};

/// What boosts bring of one kind of things that happen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figure {
    /// So many more, a target and a day; `None` without a pair.
    pub uplift: Option<f64>,
    /// The same by what would have been without a boost; `None` where nothing would have been.
    pub relative: Option<f64>,
    /// Between what the uplift lies; `None` for too few pairs.
    pub interval: Option<Interval>,
}

/// What the boosts that began within a range brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Stretches that have a match.
    pub pairs: usize,
    /// Those that have none.
    pub unmatched: Unmatched,
    /// Views.
    pub views: Figure,
    /// Orders.
    pub orders: Figure,
}

/// What the boosts of `targets` brought that began within `range` and are over.
#[must_use]
pub fn estimate(targets: &BTreeMap<String, History>, range: Span) -> Estimate {
    let matched = pairs(targets, range);
    let figure = |of: fn(Tally) -> u64| figure(&matched.pairs, of);
    Estimate {
        pairs: matched.pairs.len(),
        unmatched: matched.unmatched,
        views: figure(|tally| tally.views),
        orders: figure(|tally| tally.orders),
    }
}

/// With as many decimals as anybody reads: six.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn figure(pairs: &[Pair], of: fn(Tally) -> u64) -> Figure {
    let rates: Vec<Rates> = pairs.iter().map(|pair| Rates::of(pair, of)).collect();
    if rates.is_empty() {
        return Figure::default();
    }
    let differences: Vec<f64> = rates.iter().map(|rates| rates.had - rates.would_have_had).collect();
    let of_pairs = count(u64::try_from(rates.len()).unwrap_or(u64::MAX));
    let uplift = differences.iter().sum::<f64>() / of_pairs;
    let without = rates.iter().map(|rates| rates.would_have_had).sum::<f64>() / of_pairs;
    let relative = (without > 0.0).then(|| uplift / without);
    Figure { uplift: Some(uplift), relative, interval: interval(&differences) }
}

/// What a boosted target had a day, and what it would have had if it had gone on as its match did.
struct Rates {
    had: f64,
    would_have_had: f64,
}

impl Rates {
    fn of(pair: &Pair, of: fn(Tally) -> u64) -> Self {
        let days = count(pair.span.days().unsigned_abs());
        let a_day = |tally: Tally| count(of(tally)) / days;
        let trend = a_day(pair.match_during) - a_day(pair.match_before);
        Self { had: a_day(pair.during), would_have_had: a_day(pair.before) + trend }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: Span = Span { first: 100, last: 127 };

    /// Numbers that look drawn and are the same each time.
    struct Drawn(u64);

    impl Drawn {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % bound
        }
    }

    /// So many boosted targets and four times as many others, all of which go up by ten views a day in the course of
    /// time; a boost adds `views` and `orders` a day.
    fn world(seed: u64, boosted: u64, (views, orders): (u64, u64)) -> BTreeMap<String, History> {
        let mut drawn = Drawn(seed);
        let mut targets = BTreeMap::new();
        for number in 0..boosted * 5 {
            let level = 40 + drawn.below(60);
            let begin = 104 + i64::try_from(drawn.below(16)).unwrap();
            let is_boosted = |day: i64| number < boosted && (begin..begin + 3).contains(&day);
            let history = (90..=128)
                .map(|day| {
                    let trend = u64::try_from(day - 90).unwrap() / 4;
                    let more = |of: u64| if is_boosted(day) { of } else { 0 };
                    let tally = Tally {
                        views: level + trend + drawn.below(7) + more(views),
                        orders: drawn.below(2) + more(orders),
                        is_boosted: is_boosted(day),
                    };
                    (day, tally)
                })
                .collect();
            targets.insert(format!("target_{number}"), history);
        }
        targets
    }

    #[test]
    fn what_was_planted_is_found() {
        let found = estimate(&world(1, 60, (12, 1)), RANGE);
        assert!(found.pairs >= 50, "{found:?}");
        let views = found.views.interval.unwrap();
        assert!(views.low < 12.0 && 12.0 < views.high && views.high - views.low < 3.0, "{found:?}");
        assert!((views.mean - found.views.uplift.unwrap()).abs() < 1e-9);
        let orders = found.orders.interval.unwrap();
        assert!(orders.low < 1.0 && 1.0 < orders.high && orders.low > 0.5, "{found:?}");
        // Some seventy views a day there would have been, and half an order.
        assert!((0.12..0.22).contains(&found.views.relative.unwrap()), "{found:?}");
        assert!((1.0..3.0).contains(&found.orders.relative.unwrap()), "{found:?}");
    }

    #[test]
    fn where_nothing_was_planted_nothing_is_found_in_nearly_all_worlds() {
        let has_zero = |seed: &u64| {
            let views = estimate(&world(*seed, 15, (0, 0)), RANGE).views.interval.unwrap();
            views.low < 0.0 && 0.0 < views.high
        };
        let worlds = (1..=60).filter(has_zero).count();
        assert!((52..=60).contains(&worlds), "{worlds} of 60, of which 57 are to be expected");
    }

    #[test]
    fn one_pair_has_an_uplift_by_hand_and_no_interval() {
        let history = |before: u64, during: u64, is_boosted: bool| -> History {
            [
                (109, Tally { views: before, orders: 0, is_boosted: false }),
                (110, Tally { views: during, orders: 0, is_boosted }),
            ]
            .into_iter()
            .collect()
        };
        let targets = [("a", history(10, 25, true)), ("b", history(11, 15, false))];
        let targets = targets.into_iter().map(|(name, history)| (name.to_owned(), history)).collect();
        let found = estimate(&targets, RANGE);
        // 25 where 10 + (15 - 11) would have been.
        assert_eq!((found.pairs, found.views.interval), (1, None));
        assert!((found.views.uplift.unwrap() - 11.0).abs() < 1e-9);
        assert!((found.views.relative.unwrap() - 11.0 / 14.0).abs() < 1e-9);
        assert_eq!((found.orders.uplift, found.orders.relative), (Some(0.0), None));
        assert_eq!(estimate(&BTreeMap::new(), RANGE).views, Figure::default());
    }

    proptest! {
        #[test]
        fn the_order_in_which_days_come_changes_nothing(
            seed in 0_u64..1_000, rows in prop::collection::vec((0_u8..9, 90_i64..128, 0_u64..9, prop::bool::weighted(0.2)), 0..120),
        ) {
            let read = |rows: &[(u8, i64, u64, bool)]| {
                let mut targets: BTreeMap<String, History> = BTreeMap::new();
                for (target, day, views, is_boosted) in rows {
                    let tally = Tally { views: *views, orders: *views / 4, is_boosted: *is_boosted };
                    targets.entry(target.to_string()).or_default().note(*day, tally);
                }
                targets
            };
            // One row a target and day, as the table has them.
            let rows: Vec<_> =
                rows.into_iter().map(|row| ((row.0, row.1), row)).collect::<BTreeMap<_, _>>().into_values().collect();
            let mut shuffled = rows.clone();
            let mut drawn = Drawn(seed);
            for index in (1..shuffled.len()).rev() {
                let other = usize::try_from(drawn.below(u64::try_from(index).unwrap() + 1)).unwrap();
                shuffled.swap(index, other);
            }
            let (found, again) = (estimate(&read(&rows), RANGE), estimate(&read(&shuffled), RANGE));
            prop_assert_eq!(&found, &again);
            if let Some(Interval { mean, low, high }) = found.views.interval {
                prop_assert!(low <= mean && mean <= high);
            }
        }
    }
}
