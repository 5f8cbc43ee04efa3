//! Bet stops: which markets of an event each of them closes.
//!
//! A stop names `all` or market groups. The messages never say which groups a market is in: that stands in the feed's
//! market descriptions, which are kept as reference data once they were sent here. When a stop of some groups comes,
//! the groups of the event's markets are looked up and kept beside it, so whoever reads the event's row knows what is
//! closed without another read. Every doubt closes: a group that no description mentions makes the stop one of the
//! whole event, and a market whose groups are not known is closed by every stop.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::MarketRow;

/// The most stops of a kind that are remembered of one event.
const MAX_STOPS: usize = 256;
/// The group that every market is in.
const EVERYTHING: &str = "all";

/// The groups of markets, joined by `|`, by market id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MarketGroups(pub(crate) BTreeMap<String, String>);

/// A stop of some groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupStop {
    pub(crate) ts: i64,
    /// Joined by `|`.
    pub(crate) groups: String,
}

/// What is known of a sport event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventRow {
    /// Feed times, in milliseconds, of the stops of all its markets.
    pub(crate) stops: Vec<i64>,
    /// Stops of some of its markets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) group_stops: Vec<GroupStop>,
    /// The groups of its markets, as far as a stop of some groups asked for them.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub(crate) groups: MarketGroups,
}

fn is_empty(groups: &MarketGroups) -> bool {
    groups.0.is_empty()
}

fn parts(groups: &str) -> BTreeSet<&str> {
    groups.split('|').map(str::trim).filter(|part| !part.is_empty()).collect()
}

impl MarketGroups {
    /// Whether a stop of `groups` can be told from one of the whole event.
    pub(crate) fn tell(&self, groups: &str) -> bool {
        let named = parts(groups);
        let known: BTreeSet<_> = self.0.values().flat_map(|groups| parts(groups)).collect();
        !named.is_empty() && !named.contains(EVERYTHING) && named.is_subset(&known)
    }

    /// Those of `markets`, as far as they are known.
    pub(crate) fn of<'a>(&self, markets: impl Iterator<Item = &'a str>) -> Self {
        let known = markets.filter_map(|id| self.0.get(id).map(|groups| (id.to_owned(), groups.clone())));
        Self(known.collect())
    }
}

impl EventRow {
    /// With a stop of every market.
    pub(crate) fn stop(mut self, ts: i64) -> Self {
        if !self.stops.contains(&ts) {
            self.stops.push(ts);
            self.stops.sort_unstable();
            let excess = self.stops.len().saturating_sub(MAX_STOPS);
            self.stops.drain(..excess);
        }
        self
    }

    /// With a stop of the markets that are in one of the groups of `stop`; `known` are the groups of its markets.
    pub(crate) fn stop_groups(mut self, stop: GroupStop, known: &MarketGroups) -> Self {
        if !self.group_stops.contains(&stop) {
            self.group_stops.push(stop);
            self.group_stops.sort_by_key(|stop| stop.ts);
            let excess = self.group_stops.len().saturating_sub(MAX_STOPS);
            self.group_stops.drain(..excess);
        }
        self.groups.0.extend(known.0.clone());
        self
    }

    /// Feed times of the stops that closed the market `market_id`.
    pub(crate) fn stops_of(&self, market_id: &str) -> Vec<i64> {
        let groups = self.groups.0.get(market_id).map(|groups| parts(groups));
        let concerned =
            |stop: &&GroupStop| groups.as_ref().is_none_or(|groups| !groups.is_disjoint(&parts(&stop.groups)));
        self.stops.iter().copied().chain(self.group_stops.iter().filter(concerned).map(|stop| stop.ts)).collect()
    }
}

/// Whether one of `stops` came with or after the odds of `market`.
pub(crate) fn stopped(stops: &[i64], market: &MarketRow) -> bool {
    stops.iter().any(|stop| *stop >= market.ts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn described() -> MarketGroups {
        let markets = [("1", "all|score|regular_play"), ("166", "all|regular_play|corners"), ("900", "all")];
        MarketGroups(markets.map(|(id, groups)| (id.to_owned(), groups.to_owned())).into())
    }

    fn stop(ts: i64, groups: &str) -> GroupStop {
        GroupStop { ts, groups: groups.to_owned() }
    }

    #[test]
    fn a_stop_of_groups_closes_the_markets_that_are_in_one_of_them() {
        let known = described();
        let event = EventRow::default().stop(5).stop_groups(stop(7, "score|1st_half"), &known);
        assert_eq!(event.stops_of("1"), [5, 7]);
        assert_eq!(event.stops_of("166"), [5]);
        assert_eq!(event.stops_of("900"), [5]);
    }

    #[test]
    fn a_market_whose_groups_are_not_known_is_closed_by_every_stop() {
        let known = described().of(["1", "12345"].into_iter());
        let event = EventRow::default().stop_groups(stop(7, "corners"), &known);
        assert_eq!(event.stops_of("12345"), [7]);
        assert_eq!(event.stops_of("166"), [7], "not among the event's markets when the stop came");
        assert!(event.stops_of("1").is_empty());
    }

    #[test]
    fn a_stop_is_of_the_whole_event_unless_every_group_it_names_is_described() {
        assert!(described().tell("score|corners"));
        for whole in ["all", "score|all", "", "|", "score|unheard_of"] {
            assert!(!described().tell(whole), "{whole}");
        }
        assert!(!MarketGroups::default().tell("score"));
    }

    #[test]
    fn rows_from_before_there_were_groups_are_read() {
        let row: EventRow = serde_json::from_str(r#"{"stops":[3]}"#).unwrap();
        assert_eq!(row, EventRow::default().stop(3));
    }

    proptest! {
        #[test]
        fn stops_commute_and_repeat_without_effect(
            times in prop::collection::btree_map(0_i64..1000, prop::sample::select(vec!["all", "score", "corners"]), 1..20),
        ) {
            let apply = |event: EventRow, (ts, groups): (&i64, &&str)| match *groups {
                EVERYTHING => event.stop(*ts),
                groups => event.stop_groups(stop(*ts, groups), &described()),
            };
            let forth = times.iter().fold(EventRow::default(), apply);
            let back = times.iter().rev().fold(EventRow::default(), apply);
            prop_assert_eq!(&forth, &back);
            prop_assert_eq!(times.iter().fold(forth.clone(), apply), forth);
        }
    }
}
