//! The targets that an estimate is made of: all of them, or of very many those that come first by a hash.

use std::collections::BTreeMap;

use quoin_runtime::Env;
use quoin_store::{Item, Query, StoreError};
use quoin_uplift::{Day, History, MOST_DAYS, Span};

use super::{Kind, TABLE, rows};

/// The most rows of a day that are read: a page, and a function's memory holds those of all days.
const MOST: u32 = 2_000;
/// Boosts that began in so many days are looked at.
const DAYS: i64 = 28;

/// The days up to `last` in which boosts began that are looked at.
pub(crate) const fn span_of(last: Day) -> Span {
    Span { first: last.saturating_sub(DAYS).saturating_add(1), last }
}

/// Targets and their days.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    pub(crate) targets: BTreeMap<String, History>,
    /// Whether there are more targets than are looked at.
    pub(crate) is_part: bool,
}

impl Sample {
    /// Reads what is known of targets in the days that boosts of `range` are compared by, and in the day after it, which
    /// tells what is not over.
    ///
    /// # Errors
    /// The classes of every request.
    pub(crate) async fn read(env: &Env, kind: Kind, range: Span) -> Result<Self, StoreError> {
        let table = env.config.table(TABLE).map_err(StoreError::corrupt)?;
        let mut days = Vec::new();
        for day in range.first.saturating_sub(MOST_DAYS)..=range.last.saturating_add(1) {
            let page = env.store.query(table, Query::of(rows::partition(kind, day)).limit(MOST)).await?;
            let is_whole = page.next.is_none();
            days.push((day, page.items, is_whole));
        }
        Ok(Self::of(days))
    }

    /// Each target is in with all that is known of it, or not at all.
    fn of(days: Vec<(Day, Vec<Item>, bool)>) -> Self {
        let sk = |row: &Item| row.get_text("sk").unwrap_or_default().to_owned();
        // Behind the last row of a day that goes on nothing is known of that day.
        let ends = days.iter().filter(|(_, _, is_whole)| !is_whole);
        let end = ends.map(|(_, items, _)| items.last().map(sk).unwrap_or_default()).min();
        let mut targets: BTreeMap<String, History> = BTreeMap::new();
        for (day, items, _) in &days {
            for row in items.iter().filter(|row| end.as_ref().is_none_or(|end| sk(row) <= *end)) {
                let Some(target) = rows::target(row) else { continue };
                targets.entry(target.to_owned()).or_default().note(*day, rows::tally(row));
            }
        }
        Self { targets, is_part: end.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sk: &str) -> Item {
        Item::new().text("sk", sk).number("views", 1)
    }

    #[test]
    fn a_target_is_in_with_all_its_days_or_not_at_all() {
        let whole = || (1, vec![row("a#1"), row("b#2"), row("c#3")], true);
        let all = Sample::of(vec![whole(), (2, vec![row("a#1")], true)]);
        assert_eq!((all.targets.len(), all.is_part), (3, false));
        let some = Sample::of(vec![whole(), (2, vec![row("a#1"), row("b#2")], false), (3, vec![], true)]);
        let names: Vec<_> = some.targets.keys().map(String::as_str).collect();
        assert_eq!((names, some.is_part), (vec!["1", "2"], true));
    }

    #[test]
    fn four_weeks_end_with_the_last_day() {
        assert_eq!(span_of(127), Span { first: 100, last: 127 });
        assert_eq!(span_of(127).days(), 28);
    }
}
