//! What boosts came to, as it is kept and shown.

use quoin_events::Timestamp;
use quoin_store::{Item, Key, StoreError};
use quoin_uplift::{CONFIDENCE, Estimate, FEWEST_PAIRS, Span, estimate, rounded};
use serde::{Deserialize, Serialize};

use super::{Kind, Sample, day};

/// For how long what was computed can be looked at.
const KEPT_DAYS: i64 = 366;

/// What the boosts brought that began in four weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BoostAnalytics"))]
pub(crate) struct Analytics {
    /// What is boosted.
    kind: Kind,
    /// The days in which the boosts began.
    window: Window,
    /// Boosts that are over or have run for eight days; those of one target whose days meet are one.
    boosts: usize,
    /// Those that were compared with a target that was not boosted.
    pairs: usize,
    /// Those that were not.
    unmatched: NotCompared,
    /// Targets that were looked at, boosted or not.
    targets: usize,
    /// Whether there are more, of which the first by a hash of their ids were taken.
    sampled: bool,
    /// People who looked at it, each once a day.
    views: Uplift,
    /// A gig completed, a clan joined, a gig completed by the person whose profile it is.
    orders: Uplift,
    /// In how many of a hundred such estimates what is true lies between `low` and `high`, as a fraction.
    confidence: f64,
    /// Why there is no `low` and `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no_interval: Option<String>,
    /// How it was computed.
    method: Method,
    /// When.
    computed_at: Timestamp,
}

/// Days, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BoostAnalyticsWindow"))]
struct Window {
    /// The first, in UTC.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    from: String,
    /// The last.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    to: String,
}

/// Boosts that say nothing, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "UnmatchedBoosts"))]
struct NotCompared {
    /// All of them.
    all: usize,
    /// The target had been boosted in the days before as well.
    boosted_before: usize,
    /// Nothing is known of the target in the days before.
    unknown_before: usize,
    /// Nothing that was not boosted was like the target, or all such are compared with others.
    unlike: usize,
}

/// What boosts brought of something, a target and a day. Less than nothing is possible.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BoostUplift"))]
struct Uplift {
    /// So many more; absent without a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uplift: Option<f64>,
    /// The same as a fraction of what there would have been; absent where there would have been nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    relative: Option<f64>,
    /// The uplift is hardly below this; absent if there are too few pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    low: Option<f64>,
    /// And hardly above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    high: Option<f64>,
}

/// A method of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BoostMethod"))]
#[serde(rename_all = "snake_case")]
enum Method {
    /// A boosted target while it was boosted and in as many days before, less the same of the unboosted target that was
    /// most like it before; the mean over all such pairs, and Student's interval of it.
    MatchedDifferenceInDifferences,
}

impl Analytics {
    /// What the boosts of `sample` came to that began within `range`.
    pub(crate) fn of(kind: Kind, range: Span, sample: &Sample, computed_at: Timestamp) -> Self {
        let Estimate { pairs, unmatched, views, orders } = estimate(&sample.targets, range);
        let no_interval = (pairs < FEWEST_PAIRS)
            .then(|| format!("an interval takes at least {FEWEST_PAIRS} pairs, and there are {pairs}"));
        Self {
            kind,
            window: Window { from: day::text(range.first), to: day::text(range.last) },
            boosts: pairs.saturating_add(unmatched.all()),
            pairs,
            unmatched: NotCompared {
                all: unmatched.all(),
                boosted_before: unmatched.boosted_before,
                unknown_before: unmatched.unknown_before,
                unlike: unmatched.unlike,
            },
            targets: sample.targets.len(),
            sampled: sample.is_part,
            views: views.into(),
            orders: orders.into(),
            confidence: CONFIDENCE,
            no_interval,
            method: Method::MatchedDifferenceInDifferences,
            computed_at,
        }
    }

    /// How many boosts were compared.
    pub(crate) const fn pairs(&self) -> usize {
        self.pairs
    }

    /// Where the results of a kind are.
    pub(crate) fn pk(kind: Kind) -> String {
        format!("effects#{}", kind.as_str())
    }

    /// Where the result of a kind and a day is.
    pub(crate) fn key(kind: Kind, day: &str) -> Key {
        Key::new(Self::pk(kind), day)
    }

    /// The row of it.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn row(&self) -> Result<Item, StoreError> {
        let Key { pk, sk } = Self::key(self.kind, &self.window.to);
        let expires = self.computed_at.plus_seconds(KEPT_DAYS.saturating_mul(86_400)).seconds();
        Item::new().text("pk", pk).text("sk", sk).number("expires", expires).json("analytics", self)
    }

    /// What a row says.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn read(row: &Item) -> Result<Self, StoreError> {
        row.require_json("analytics")
    }
}

impl From<quoin_uplift::Figure> for Uplift {
    fn from(figure: quoin_uplift::Figure) -> Self {
        Self {
            uplift: figure.uplift.map(rounded),
            relative: figure.relative.map(rounded),
            low: figure.interval.map(|interval| rounded(interval.low)),
            high: figure.interval.map(|interval| rounded(interval.high)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_uplift::Tally;

    /// So many boosted targets, each with one beside it that is not, and 6 views more in the two days of its boost.
    fn sample(boosted: i64) -> Sample {
        let history = |number: i64, is_boosted: bool| {
            let level = 10_u64.saturating_add(number.unsigned_abs());
            (100..=128)
                .map(|day| {
                    let is_boosted = is_boosted && (110..112).contains(&day);
                    let views = if is_boosted { level.saturating_add(6) } else { level };
                    (day, Tally { views, orders: 0, is_boosted })
                })
                .collect()
        };
        let targets = (0..boosted).flat_map(|number| {
            [(format!("boosted_{number}"), history(number, true)), (format!("other_{number}"), history(number, false))]
        });
        Sample { targets: targets.collect(), is_part: false }
    }

    #[test]
    fn what_is_kept_is_shown_as_it_was() {
        let made = Analytics::of(Kind::Gig, Span { first: 100, last: 127 }, &sample(6), Timestamp::from_millis(1));
        let row = made.row().unwrap();
        assert_eq!((row.get_text("pk"), row.get_text("sk")), (Some("effects#gig"), Some("1970-05-08")));
        let read = Analytics::read(&row).unwrap();
        assert_eq!(read, made);
        let shown = serde_json::to_value(&read).unwrap();
        assert_eq!(shown["views"]["uplift"].to_string(), "6.0");
        assert_eq!((shown["pairs"].to_string(), shown["boosts"].to_string()), ("6".to_owned(), "6".to_owned()));
        assert_eq!(shown["window"]["from"], "1970-04-11");
        assert!(shown.get("no_interval").is_none() && shown["orders"].get("relative").is_none());
    }

    #[test]
    fn why_there_is_no_interval_is_said() {
        let made = Analytics::of(Kind::Clan, Span { first: 100, last: 127 }, &sample(2), Timestamp::from_millis(1));
        let shown = serde_json::to_value(&made).unwrap();
        assert_eq!(shown["no_interval"], "an interval takes at least 5 pairs, and there are 2");
        assert!(shown["views"].get("low").is_none());
    }
}
