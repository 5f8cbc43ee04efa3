//! Where a user stands: the mark that has orders looked at, and the highest score since it was last cleared.
//!
//! Every counted event and every clearing makes the next version of this row, conditional on the one before: what two
//! events at once come to is seen by the second of them.

use quoin_events::Timestamp;
use quoin_store::{Item, StoreError, Update};
use serde::{Deserialize, Serialize};

use crate::score::{Finding, Reason};
use crate::table;

/// What becomes of a user's orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FraudState"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// They are taken.
    #[default]
    Clear,
    /// People look at the user first.
    Review,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Review => "review",
        }
    }
}

/// Who cleared a mark, when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FraudClearing"))]
pub(crate) struct Clearing {
    /// When.
    pub(crate) at: Timestamp,
    /// The operator.
    pub(crate) by: String,
    /// What the operator said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// The score that was cleared.
    pub(crate) score: u32,
    /// What had led to it.
    pub(crate) reasons: Vec<Reason>,
}

/// Where a user stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    version: u64,
    /// How often the user was cleared; what was counted before counts no more.
    pub(crate) clearings: i64,
    state: State,
    highest: Option<Finding>,
}

/// Where a user stands, as others are shown it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FraudMark"))]
pub(crate) struct MarkView<'a> {
    /// Whether orders are refused until an operator has looked.
    state: State,
    /// The highest score since the user was last cleared.
    score: u32,
    /// The moment that had it.
    at: Timestamp,
    /// The rules that fired then.
    reasons: &'a [Reason],
}

impl Standing {
    /// Where the user of the row `item` stands.
    ///
    /// # Errors
    /// If the row is not readable.
    pub(crate) fn read(item: Option<&Item>) -> Result<Self, StoreError> {
        let Some(item) = item else { return Ok(Self::default()) };
        let unsigned = |name: &str| item.get_number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
        let score = u32::try_from(unsigned("score")).unwrap_or(u32::MAX);
        let at = item.get_text("at").and_then(|at| at.parse().ok()).unwrap_or_default();
        let reasons = item.get_json("reasons")?.unwrap_or_default();
        let state = if item.get_text("state") == Some(State::Review.as_str()) { State::Review } else { State::Clear };
        Ok(Self {
            version: unsigned("v"),
            clearings: item.get_number("clearings").unwrap_or(0),
            state,
            highest: Some(Finding { score, at, reasons }),
        })
    }

    /// Whether orders are looked at first.
    pub(crate) fn is_marked(&self) -> bool {
        self.state == State::Review
    }

    /// The highest score since the user was last cleared.
    #[cfg(test)]
    pub(crate) fn score(&self) -> u32 {
        self.highest.as_ref().map_or(0, |finding| finding.score)
    }

    /// The mark as it is shown; `None` before the first counted event.
    pub(crate) fn view(&self) -> Option<MarkView<'_>> {
        let state = self.state;
        self.highest.as_ref().map(|Finding { score, at, reasons }| MarkView { state, score: *score, at: *at, reasons })
    }

    /// Where the user stands once `finding` is known too, and whether that is what marks the user.
    pub(crate) fn after(self, finding: Finding, threshold: u32) -> (Self, bool) {
        let marks = finding.score > threshold && !self.is_marked();
        let state = if marks { State::Review } else { self.state };
        let highest = match self.highest {
            Some(known) if !finding.says_more_than(&known) => known,
            Some(_) | None => finding,
        };
        let version = self.version.saturating_add(1);
        (Self { version, state, highest: Some(highest), ..self }, marks)
    }

    /// Where the user stands once `by` has cleared the mark, and the record of it.
    pub(crate) fn cleared(self, by: &str, note: Option<String>, at: Timestamp) -> (Self, Clearing) {
        let Finding { score, reasons, .. } = self.highest.unwrap_or(Finding::none(at));
        let clearing = Clearing { at, by: by.to_owned(), note, score, reasons };
        let standing = Self {
            version: self.version.saturating_add(1),
            clearings: self.clearings.saturating_add(1),
            state: State::Clear,
            highest: Some(Finding::none(at)),
        };
        (standing, clearing)
    }

    /// The write that makes this the version after the one it was made from.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn write(&self, table: &str, user_id: &str) -> Result<Update, StoreError> {
        let highest = self.highest.clone().unwrap_or(Finding::none(Timestamp::default()));
        Update::of(table, table::mark(user_id))
            .text("state", self.state.as_str())
            .number("score", highest.score)
            .text("at", highest.at.to_string())
            .number("clearings", self.clearings)
            .number("v", self.version)
            // Versions have no gaps, so below this one is exactly the one before.
            .if_newer("v", self.version)
            .json("reasons", &highest.reasons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(score: u32, second: i64) -> Finding {
        Finding { score, at: Timestamp::default().plus_seconds(second), reasons: Vec::new() }
    }

    #[test]
    fn a_mark_stays_until_it_is_cleared_and_is_made_once() {
        let (low, marked) = Standing::default().after(finding(100, 1), 100);
        assert!(!marked && !low.is_marked());
        let (high, marked) = low.after(finding(101, 2), 100);
        assert!(marked && high.is_marked());
        let (still, marked) = high.after(finding(0, 3), 100);
        assert!(!marked && still.is_marked());
        assert_eq!(still.score(), 101);
        let (clear, clearing) = still.cleared("op", None, Timestamp::default().plus_seconds(4));
        assert!(!clear.is_marked());
        assert_eq!((clear.score(), clear.clearings, clear.version), (0, 1, 4));
        assert_eq!((clearing.score, clearing.by.as_str()), (101, "op"));
    }
}
