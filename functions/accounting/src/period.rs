//! Months, and which of them are closed: to a closed month nothing is added, so its sums stay what was reported.
//!
//! What happened in a closed month and is entered later is entered on the first day of the first month after it that is
//! open, and keeps its own moment beside that.

use std::collections::BTreeSet;

use quoin_events::Timestamp;
use quoin_runtime::{Env, Failure};
use quoin_store::{Item, Query, StoreError};
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::table;

/// A closed month, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    /// When it was closed.
    pub(crate) at: Timestamp,
    /// The operator who did.
    pub(crate) by: String,
}

impl Closed {
    /// The month in a row, and who closed it.
    ///
    /// # Errors
    /// If the row is not one.
    pub(crate) fn read(row: &Item) -> Result<(String, Self), StoreError> {
        Ok((row.require_text("sk")?.to_owned(), row.require_json("closed")?))
    }

    /// The row of `month`.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn row(&self, month: &str) -> Result<Item, StoreError> {
        let key = table::period(month);
        Item::new().text("pk", key.pk).text("sk", key.sk).json("closed", self)
    }
}

/// All closed months with who closed them, oldest first.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn closed(env: &Env) -> Result<Vec<(String, Closed)>, Failure> {
    let (mut months, mut after) = (Vec::new(), None);
    loop {
        let query = Query::of(table::PERIODS).after(after).consistent();
        let page = env.store.query(table::name(env)?, query).await?;
        for row in &page.items {
            months.push(Closed::read(row)?);
        }
        after = page.next;
        if after.is_none() {
            return Ok(months);
        }
    }
}

/// The month of `at`.
pub(crate) fn month(at: Timestamp) -> String {
    at.day().chars().take(7).collect()
}

/// The month after `month`; `None` after the last one of the calendar, and for what is no month.
fn next(month: &str) -> Option<String> {
    let (year, of_year) = month.split_once('-')?;
    let (year, of_year): (u16, u8) = (year.parse().ok()?, of_year.parse().ok()?);
    let (year, of_year) = if of_year == 12 { (year.checked_add(1)?, 1) } else { (year, of_year.checked_add(1)?) };
    (year <= 9999 && of_year <= 12).then(|| format!("{year:04}-{of_year:02}"))
}

/// `entry` on the day that it is entered on while the months of `closed` are.
pub(crate) fn entered(entry: &Entry, closed: &BTreeSet<String>) -> Entry {
    let own = month(entry.at);
    let mut open = own.clone();
    while closed.contains(&open) {
        match next(&open) {
            Some(after) => open = after,
            None => break,
        }
    }
    let entered_on = (open != own).then(|| format!("{open}-01"));
    Entry { entered_on, ..entry.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::taxed;

    fn months(closed: &[&str]) -> BTreeSet<String> {
        closed.iter().map(|month| (*month).to_owned()).collect()
    }

    #[test]
    fn what_is_late_is_entered_in_the_first_open_month() {
        for (closed, day) in [
            (months(&[]), "2026-01-31"),
            (months(&["2025-12", "2026-02"]), "2026-01-31"),
            (months(&["2026-01"]), "2026-02-01"),
            (months(&["2026-01", "2026-02", "2026-04"]), "2026-03-01"),
        ] {
            let entry = entered(&taxed(), &closed);
            assert_eq!((entry.day().as_str(), entry.at), (day, taxed().at), "{closed:?}");
        }
        // Decided again when it turns out that another month was closed.
        let late = entered(&taxed(), &months(&["2026-01"]));
        assert_eq!(entered(&late, &months(&["2026-01", "2026-02"])).day(), "2026-03-01");
    }

    #[test]
    fn months_follow_each_other() {
        assert_eq!(next("2026-01").as_deref(), Some("2026-02"));
        assert_eq!(next("2026-12").as_deref(), Some("2027-01"));
        for none in ["9999-12", "2026", "2026-13", "x-y"] {
            assert_eq!(next(none), None, "{none}");
        }
    }

    #[test]
    fn a_closed_month_is_read_again() {
        let closed = Closed { at: taxed().at, by: "op".to_owned() };
        assert_eq!(Closed::read(&closed.row("2026-01").unwrap()).unwrap(), ("2026-01".to_owned(), closed));
    }
}
