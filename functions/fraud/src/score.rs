//! The score of a moment: the points of every rule that what happened in its window, up to that moment, goes beyond.
//!
//! Windows are bounded by the events' own times. A late event therefore changes the scores of the moments after it, as
//! if it had come in time; the highest score of all moments follows from the set of the events alone.

use std::cmp::Reverse;

use quoin_events::Timestamp;
use quoin_money::{Amount, MoneyError};
use serde::{Deserialize, Serialize};

use crate::rules::{Measure, Rule, RuleName, Rules};
use crate::signal::Counted;

/// A rule that fired, and on what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FraudReason"))]
pub(crate) struct Reason {
    /// Which rule.
    rule: RuleName,
    /// What it measured: a count, or an amount.
    measured: Amount,
    /// Its limit then.
    limit: Amount,
    /// Its window then.
    window_seconds: u32,
    /// What it added to the score.
    points: u32,
}

/// The score of a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) score: u32,
    pub(crate) at: Timestamp,
    pub(crate) reasons: Vec<Reason>,
}

impl Finding {
    /// Nothing yet.
    pub(crate) const fn none(at: Timestamp) -> Self {
        Self { score: 0, at, reasons: Vec::new() }
    }

    /// Whether this says more than `other`: a higher score, or the same one earlier, or a later look at the same
    /// moment.
    pub(crate) fn says_more_than(&self, other: &Self) -> bool {
        (self.score, Reverse(self.at)) >= (other.score, Reverse(other.at))
    }
}

/// The score at `at`.
///
/// # Errors
/// If amounts are too large to be added.
pub(crate) fn at(rules: &Rules, events: &[Counted], at: Timestamp) -> Result<Finding, MoneyError> {
    let mut finding = Finding::none(at);
    for (name, rule) in rules.enabled() {
        let measured = measure(name, rule, events, at)?;
        if measured > rule.limit {
            finding.score = finding.score.saturating_add(rule.points);
            let Rule { limit, window_seconds, points, .. } = rule;
            finding.reasons.push(Reason { rule: name, measured, limit, window_seconds, points });
        }
    }
    Ok(finding)
}

/// The highest score of the moments whose windows hold `new`: of equal ones the earliest.
///
/// # Errors
/// If amounts are too large to be added.
pub(crate) fn highest_since(rules: &Rules, events: &[Counted], new: Timestamp) -> Result<Finding, MoneyError> {
    let mut highest = Finding::none(new);
    let end = new.plus_millis(rules.longest_ms());
    for event in events.iter().filter(|event| new <= event.at && event.at < end) {
        let found = at(rules, events, event.at)?;
        if found.says_more_than(&highest) {
            highest = found;
        }
    }
    Ok(highest)
}

fn measure(name: RuleName, rule: Rule, events: &[Counted], at: Timestamp) -> Result<Amount, MoneyError> {
    let age = |event: &Counted| at.millis().saturating_sub(event.at.millis());
    let inside =
        events.iter().filter(|event| name.kinds().contains(&event.kind) && (0..rule.window_ms()).contains(&age(event)));
    match name.measure() {
        Measure::Count => Ok(Amount::whole(u32::try_from(inside.count()).unwrap_or(u32::MAX))),
        Measure::Sum => inside.filter_map(|event| event.amount).try_fold(Amount::ZERO, Amount::plus),
        Measure::Largest => Ok(inside.filter_map(|event| event.amount).max().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Set;
    use crate::signal::Kind;
    use crate::standing::Standing;
    use proptest::prelude::*;
    use quoin_store::Item;

    /// Small windows and limits, so that a handful of events goes beyond them.
    fn rules() -> Rules {
        let rule =
            |window_seconds, limit, points| Rule { enabled: true, window_seconds, limit: Amount::whole(limit), points };
        let set = [
            ("order_velocity", rule(10, 2, 40)),
            ("order_amount", rule(10, 50, 30)),
            ("spend_velocity", rule(20, 100, 50)),
            ("failed_orders", rule(15, 1, 30)),
            ("failed_debits", rule(5, 1, 30)),
            ("login_velocity", rule(8, 2, 20)),
            ("new_devices", rule(30, 1, 60)),
            ("bet_velocity", rule(3, 3, 25)),
        ];
        let by = |value| Set { value, by: "op".to_owned(), at: Timestamp::default() };
        let item = set.into_iter().fold(Item::new(), |item, (name, value)| item.json(name, &by(value)).unwrap());
        Rules::read(Some(&item)).unwrap()
    }

    fn event(id: usize, kind: Kind, second: i64, amount: u32) -> Counted {
        let amount = Some(Amount::whole(amount));
        Counted {
            event_id: format!("e{id}"),
            kind,
            at: Timestamp::default().plus_seconds(second.saturating_add(1_000)),
            amount,
        }
    }

    /// What the service makes of `arriving`, one after the other.
    fn arrive(rules: &Rules, arriving: &[Counted]) -> Standing {
        let (mut known, mut standing) = (Vec::<Counted>::new(), Standing::default());
        for one in arriving {
            if known.contains(one) {
                continue;
            }
            known.push(one.clone());
            let found = highest_since(rules, &known, one.at).unwrap();
            standing = standing.after(found, rules.threshold).0;
        }
        standing
    }

    fn events() -> impl Strategy<Value = Vec<Counted>> {
        let kind = prop_oneof![
            Just(Kind::Order),
            Just(Kind::CreatedOrder),
            Just(Kind::FailedOrder),
            Just(Kind::FailedDebit),
            Just(Kind::Login),
            Just(Kind::NewDeviceLogin),
            Just(Kind::Bet),
        ];
        proptest::collection::vec((kind, 0_i64..60, 1_u32..80), 0..16).prop_map(|all| {
            all.into_iter().enumerate().map(|(id, (kind, at, amount))| event(id, kind, at, amount)).collect()
        })
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_and_duplicates_change_nothing(
            (events, shuffled, again) in events().prop_flat_map(|events| {
                let shuffled = Just(events.clone()).prop_shuffle();
                let again = proptest::collection::vec(any::<prop::sample::Index>(), 0..10);
                (Just(events), shuffled, again)
            })
        ) {
            let rules = rules();
            let mut repeated = shuffled.clone();
            for index in again.iter().filter(|_| !events.is_empty()) {
                repeated.insert(index.index(repeated.len()), events[index.index(events.len())].clone());
            }
            let standing = arrive(&rules, &events);
            prop_assert_eq!(&arrive(&rules, &shuffled), &standing);
            prop_assert_eq!(&arrive(&rules, &repeated), &standing);
        }

        #[test]
        fn one_event_after_the_other_finds_what_all_at_once_show(events in events()) {
            let rules = rules();
            let scores = events.iter().map(|event| at(&rules, &events, event.at).unwrap());
            let highest = scores.fold(0, |highest, found| highest.max(found.score));
            let standing = arrive(&rules, &events);
            prop_assert_eq!(standing.score(), highest);
            prop_assert_eq!(standing.is_marked(), highest > rules.threshold);
        }

        #[test]
        fn an_event_counts_for_the_moments_of_its_own_window_only(events in events(), second in 0_i64..60) {
            let rules = rules();
            let late = event(99, Kind::Order, second, 60);
            let mut all = events.clone();
            all.push(late.clone());
            for one in &events {
                let (before, after) = (at(&rules, &events, one.at).unwrap(), at(&rules, &all, one.at).unwrap());
                let age = one.at.seconds().saturating_sub(late.at.seconds());
                if !(0..20).contains(&age) {
                    prop_assert_eq!(before, after);
                }
            }
        }
    }

    #[test]
    fn a_window_ends_with_its_moment_and_begins_after_its_length() {
        let rules = rules();
        let three = |last| [event(0, Kind::Order, 0, 1), event(1, Kind::Order, 5, 1), event(2, Kind::Order, last, 1)];
        let score = |events: &[Counted]| highest_since(&rules, events, events[2].at).unwrap().score;
        assert_eq!(score(&three(9)), 40);
        assert_eq!(score(&three(10)), 0);
    }

    #[test]
    fn points_add_up_and_say_what_was_measured() {
        let events = [event(0, Kind::Order, 0, 60), event(1, Kind::Order, 1, 60)];
        let found = highest_since(&rules(), &events, events[1].at).unwrap();
        assert_eq!(found.score, 80);
        let measured: Vec<_> = found.reasons.iter().map(|one| (one.rule, one.measured.to_string())).collect();
        assert_eq!(measured, [(RuleName::OrderAmount, "60".to_owned()), (RuleName::SpendVelocity, "120".to_owned())]);
    }
}
