//! What is counted, and under which keys and names the counters stand.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an analytics view measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AnalyticsView"))]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Registrations by the day on which they were complete, by plan.
    Registrations,
    /// Monthly recurring revenue: by how much it changes on a day, by plan.
    Mrr,
    /// Cancellations by the day on which they happened, by plan and reason.
    Churn,
    /// What became of the registrations that began on a day.
    Conversion,
}

impl Measured {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Registrations, Self::Mrr, Self::Churn, Self::Conversion];

    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registrations => "registrations",
            Self::Mrr => "mrr",
            Self::Churn => "churn",
            Self::Conversion => "conversion",
        }
    }
}

impl FromStr for Measured {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|measured| measured.as_str() == text).ok_or(())
    }
}

/// One counter: a figure of a day and a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// Of which view.
    pub measured: Measured,
    /// The day, in UTC.
    pub day: String,
    /// What is counted of it.
    pub figure: String,
    /// Of which plan; `-` for what is of none.
    pub plan: String,
}

/// Where there is no plan.
pub(crate) const NO_PLAN: &str = "-";

impl Counter {
    /// The month of its day: the sort key of the row that it stands in.
    pub(crate) fn month(&self) -> &str {
        self.day.rsplit_once('-').map_or("", |(month, _)| month)
    }

    /// What it is called in its row.
    pub(crate) fn attribute(&self) -> String {
        let day = self.day.rsplit_once('-').map_or("", |(_, day)| day);
        // The plan comes last: it is the only part that may hold a full stop.
        format!("{day}.{}.{}", self.figure, self.plan)
    }

    /// The counter of `measured` that stands in the row of `month` under `name`.
    pub(crate) fn of_attribute(measured: Measured, month: &str, name: &str) -> Option<Self> {
        let (day, rest) = name.split_once('.')?;
        let (figure, plan) = rest.split_once('.')?;
        let day = format!("{month}-{day}");
        Some(Self { measured, day, figure: figure.to_owned(), plan: plan.to_owned() })
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.measured.as_str(), self.day, self.figure, self.plan)
    }
}

impl FromStr for Counter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(4, '/');
        let mut next = || parts.next().ok_or_else(|| format!("{text} is no counter"));
        let (measured, day, figure, plan) = (next()?, next()?, next()?, next()?);
        let measured = measured.parse().map_err(|()| format!("{text} is no counter"))?;
        Ok(Self { measured, day: day.to_owned(), figure: figure.to_owned(), plan: plan.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_counter_is_found_again_by_its_name_and_by_its_place(plan in "[a-z./-]{1,12}", which in 0_usize..4) {
            let (day, figure) = ("2026-01-31".to_owned(), "begun".to_owned());
            let counter = Counter { measured: Measured::ALL[which], day, figure, plan };
            prop_assert_eq!(counter.to_string().parse(), Ok(counter.clone()));
            let found = Counter::of_attribute(counter.measured, counter.month(), &counter.attribute());
            prop_assert_eq!(found, Some(counter));
        }
    }
}
