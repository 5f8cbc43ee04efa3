//! What a new generation says otherwise than the one that is read.
//!
//! Consumers write the one and then the other, so rows of either may be a moment ahead. Whatever differs is therefore
//! looked at again, and only what differs in the same way each time counts.

use std::collections::BTreeMap;
use std::ops::Neg;
use std::time::Duration;

use quoin_money::Delta;
use quoin_store::{Clock, Item, Key, Store, StoreError};
use serde::Serialize;

use crate::generation::{split, within};
use crate::project::CONTRIBUTION;
use crate::row::{ROW, VERSION};

/// Rows of a page; DynamoDB reads as many at once by their keys.
const PAGE: i32 = 100;
/// How often a difference is looked at.
const LOOKS: u32 = 4;
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// In which way a row was not what its stream makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It was not there.
    Missing,
    /// It was there, and no stream makes it.
    Surplus,
    /// It was made from an older version of its stream.
    Behind,
    /// It said something else.
    Different,
}

impl Reason {
    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Surplus => "surplus",
            Self::Behind => "behind",
            Self::Different => "different",
        }
    }
}

/// A row that was not what its stream makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which row.
    pub row: String,
    /// In which way.
    pub reason: Reason,
    /// What of it: members, or counters with what they were and what they are now.
    pub what: Vec<String>,
}

/// How two rows differ.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Gap {
    reason: Reason,
    /// Texts that differ, as they are.
    texts: BTreeMap<&'static str, (String, String)>,
    /// Numbers that differ, and by how much.
    numbers: BTreeMap<String, Delta>,
}

impl Gap {
    /// How `live` and `built` differ; not at all, for `None`.
    fn between(live: Option<&Item>, built: Option<&Item>) -> Option<Self> {
        let text = |item: Option<&Item>, name| item.and_then(|item| item.get_text(name)).unwrap_or_default().to_owned();
        let mut texts = BTreeMap::new();
        for name in [ROW, CONTRIBUTION] {
            let both = (text(live, name), text(built, name));
            if both.0 != both.1 {
                texts.insert(name, both);
            }
        }
        let mut numbers = numbers(built);
        for (name, was) in self::numbers(live) {
            let by = numbers.remove(&name).unwrap_or_default().and(Delta::new(was.value().neg())).unwrap_or(was);
            if !by.is_zero() {
                numbers.insert(name, by);
            }
        }
        let reason = match (live, built) {
            (None, _) => Reason::Missing,
            (_, None) => Reason::Surplus,
            (Some(_), Some(_)) if numbers.contains_key(VERSION) => Reason::Behind,
            (Some(_), Some(_)) => Reason::Different,
        };
        (!texts.is_empty() || !numbers.is_empty()).then_some(Self { reason, texts, numbers })
    }

    /// What of it was there in `before`, too, in the same way.
    fn still(mut self, before: &Self) -> Option<Self> {
        self.texts.retain(|name, both| before.texts.get(name) == Some(both));
        self.numbers.retain(|name, by| before.numbers.get(name) == Some(by));
        (!self.texts.is_empty() || !self.numbers.is_empty()).then_some(self)
    }

    fn said(self, row: String) -> Difference {
        let texts = self.texts.values().flat_map(|(was, is)| members(was, is));
        let counters = self.numbers.iter().filter(|(name, _)| name.as_str() != VERSION);
        let counters = counters.map(|(name, by)| format!("{name} by {by}"));
        Difference { row, reason: self.reason, what: texts.chain(counters).collect() }
    }
}

/// The numbers of a row; those that are zero count as absent.
fn numbers(item: Option<&Item>) -> BTreeMap<String, Delta> {
    let numbers = item.into_iter().flat_map(Item::numbers).filter(|(name, _)| *name != "rev");
    let numbers = numbers.filter_map(|(name, digits)| Some((name.to_owned(), digits.parse::<Delta>().ok()?)));
    numbers.filter(|(_, number)| !number.is_zero()).collect()
}

/// The members of two JSON objects that differ, by their names alone.
fn members(was: &str, is: &str) -> Vec<String> {
    let read = |text: &str| serde_json::from_str::<BTreeMap<String, serde_json::Value>>(text).unwrap_or_default();
    let (was, is) = (read(was), read(is));
    let mut names: Vec<_> = was.keys().chain(is.keys()).filter(|name| was.get(*name) != is.get(*name)).collect();
    names.sort();
    names.dedup();
    names.into_iter().cloned().collect()
}

/// Where a row stands in every generation.
type Place = (String, String);

/// Compares two generations.
pub(crate) async fn differences(
    store: &Store,
    clock: &Clock,
    table: &str,
    (live, built): (u64, u64),
) -> Result<Vec<Difference>, StoreError> {
    let (mut found, mut after) = (BTreeMap::new(), None);
    loop {
        let page = store.table_page(table, after.as_ref(), PAGE).await?;
        let places: Vec<Place> = page.items.iter().filter_map(|item| place(item, live, built)).collect();
        found.extend(gaps(store, table, (live, built), &places).await?);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for _ in 1..LOOKS {
        if found.is_empty() {
            break;
        }
        clock.sleep(PAUSE).await;
        let places: Vec<Place> = found.keys().cloned().collect();
        let mut again = BTreeMap::new();
        for chunk in places.chunks(PAGE.unsigned_abs().try_into().unwrap_or(1)) {
            again.extend(gaps(store, table, (live, built), chunk).await?);
        }
        let still = |(place, before): (Place, Gap)| Some((place.clone(), again.remove(&place)?.still(&before)?));
        found = found.into_iter().filter_map(still).collect();
    }
    Ok(found.into_iter().map(|((pk, sk), gap)| gap.said(format!("{pk} {sk}"))).collect())
}

fn place(item: &Item, live: u64, built: u64) -> Option<Place> {
    let (generation, rest) = split(item.get_text("pk")?)?;
    let sk = item.get_text("sk")?;
    (generation == live || generation == built).then(|| (rest.to_owned(), sk.to_owned()))
}

/// How the rows at `places` differ between two generations.
async fn gaps(
    store: &Store,
    table: &str,
    (live, built): (u64, u64),
    places: &[Place],
) -> Result<Vec<(Place, Gap)>, StoreError> {
    let mut gaps = Vec::new();
    // Two keys for each of them, and DynamoDB reads a hundred items at once.
    for chunk in places.chunks(50) {
        let key = |generation: u64| move |(pk, sk): &Place| (table, Key::new(within(generation, pk), sk.clone()));
        let keys: Vec<_> = chunk.iter().map(key(live)).chain(chunk.iter().map(key(built))).collect();
        let mut lives = store.batch(&keys).await?;
        let builts = lives.split_off(chunk.len().min(lives.len()));
        for ((place, live), built) in chunk.iter().zip(lives).zip(builts) {
            if let Some(gap) = Gap::between(live.as_ref(), built.as_ref()) {
                gaps.push((place.clone(), gap));
            }
        }
    }
    Ok(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(registered: &str) -> Item {
        Item::new().text("pk", "g1#registrations#0").number("04.registered.monthly", registered).number("05.x.y", 0)
    }

    #[test]
    fn a_counter_that_is_wrong_stays_wrong_by_as_much_and_one_that_is_behind_does_not() {
        let first = Gap::between(Some(&counters("7")), Some(&counters("5"))).unwrap();
        let while_counting = Gap::between(Some(&counters("9")), Some(&counters("7"))).unwrap();
        assert_eq!(while_counting.clone().still(&first), Some(while_counting.clone()));
        assert_eq!(Gap::between(Some(&counters("9")), Some(&counters("8"))).unwrap().still(&first), None);
        assert_eq!(Gap::between(Some(&counters("9")), Some(&counters("9.0"))), None);
        let said = while_counting.said("registrations#0 2026-01".to_owned());
        assert_eq!((said.reason, said.what), (Reason::Different, vec!["04.registered.monthly by -2".to_owned()]));
    }

    #[test]
    fn rows_are_told_apart_by_what_they_say_and_how_old_they_are() {
        let row = |version: u32, plan: &str| {
            Item::new()
                .number(VERSION, version)
                .number("rev", version)
                .text(ROW, format!(r#"{{"a":1,"plan":"{plan}"}}"#))
        };
        let gap = |live: &Item, built: &Item| Gap::between(Some(live), Some(built)).map(|gap| gap.said(String::new()));
        assert_eq!(gap(&row(1, "monthly"), &row(1, "monthly")), None);
        let different = gap(&row(1, "yearly"), &row(1, "monthly")).unwrap();
        assert_eq!((different.reason, different.what), (Reason::Different, vec!["plan".to_owned()]));
        assert_eq!(gap(&row(1, "yearly"), &row(2, "monthly")).unwrap().reason, Reason::Behind);
        assert_eq!(Gap::between(None, Some(&row(1, "x"))).unwrap().reason, Reason::Missing);
        assert_eq!(Gap::between(Some(&row(1, "x")), None).unwrap().reason, Reason::Surplus);
    }
}
