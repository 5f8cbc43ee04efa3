//! From counters to reports: totals and a row per day.

use std::collections::BTreeMap;

use quoin_money::{Asset, Delta, MoneyError};
use quoin_runtime::{Period, split_day};
use quoin_store::{Item, Key};
use serde::Serialize;

use crate::counters::{Count, Counters, Sum};
use crate::funnel::OrdersView;

/// How many items the counters of a day are spread over: writers of one item at once cancel each other.
const SHARDS: u64 = 8;

/// Key of one shard of a day's counters, or of a campaign's counters of that day: a month is one partition, so that a
/// year is a dozen reads.
pub(crate) fn shard_key(day: &str, campaign: Option<&str>, chance: impl FnOnce(u64) -> u64) -> Key {
    let (month, day) = split_day(day).unwrap_or(("", day));
    let shard = chance(SHARDS);
    match campaign {
        None => Key::new(month_pk(month), format!("{day}#{shard}")),
        Some(code) => Key::new(campaigns_pk(month), format!("{day}#{code}#{shard}")),
    }
}

/// Partition of a month's counters.
pub(crate) fn month_pk(month: &str) -> String {
    format!("counters#{month}")
}

/// Partition of a month's counters by campaign.
pub(crate) fn campaigns_pk(month: &str) -> String {
    format!("campaigns#{month}")
}

/// The campaign's code in the sort key of one of its shards: it may hold the separator itself.
fn code_of(sk: &str) -> Option<&str> {
    let (_, rest) = sk.split_once('#')?;
    rest.rsplit_once('#').map(|(code, _)| code)
}

/// The sort keys of all shards from the day `first` to the day `last` of a month.
pub(crate) fn shards_between(first: &str, last: &str) -> (String, String) {
    // '$' sorts right behind '#': whatever stands behind the separator lies between.
    (format!("{first}#"), format!("{last}$"))
}

/// The counters of each day, summed over its shards, and those of each campaign, summed over days as well.
#[derive(Debug, Default)]
pub(crate) struct Daily {
    days: BTreeMap<String, Counters>,
    campaigns: BTreeMap<String, Counters>,
}

impl Daily {
    /// Adds one shard.
    ///
    /// # Errors
    /// If a counter has too many digits.
    pub(crate) fn add_shard(&mut self, month: &str, shard: &Item) -> Result<(), MoneyError> {
        let day = shard.get_text("sk").and_then(|sk| sk.split('#').next()).unwrap_or_default();
        let counters = self.days.entry(format!("{month}-{day}")).or_default();
        shard.numbers().try_for_each(|(name, digits)| counters.add_stored(name, digits))
    }

    /// Adds one shard of a campaign's counters.
    ///
    /// # Errors
    /// If a counter has too many digits.
    pub(crate) fn add_campaign_shard(&mut self, shard: &Item) -> Result<(), MoneyError> {
        let Some(code) = shard.get_text("sk").and_then(code_of) else { return Ok(()) };
        let counters = self.campaigns.entry(code.to_owned()).or_default();
        shard.numbers().try_for_each(|(name, digits)| counters.add_stored(name, digits))
    }

    /// What was counted on `day`.
    pub(crate) fn of_day(&self, day: &str) -> Counters {
        self.days.get(day).cloned().unwrap_or_default()
    }

    /// Campaigns by code, with what was counted for them.
    pub(crate) fn campaigns(&self) -> impl Iterator<Item = (&str, &Counters)> {
        self.campaigns.iter().map(|(code, counters)| (code.as_str(), counters))
    }
}

/// What the route answers.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Report"))]
#[serde(untagged)]
pub(crate) enum Answer<'a> {
    /// Figures alone.
    Figures(ReportView<'a>),
    /// How orders go.
    Orders(OrdersView<'a>),
}

/// The figures of a period.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FiguresReport"))]
pub(crate) struct ReportView<'a> {
    /// Which figures.
    report: Report,
    /// The first day.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    from: &'a str,
    /// The last one.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    to: &'a str,
    /// All days together.
    totals: Figures,
    /// Every day of the period, in order.
    days: Vec<Day<'a>>,
}

/// The figures of a day.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportDay"))]
struct Day<'a> {
    /// In UTC.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    day: &'a str,
    #[serde(flatten)]
    figures: Figures,
}

/// What happened how often, and how much moved.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Figures {
    /// How often, as far as the report tells it.
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<Count, u64>"))]
    #[serde(flatten)]
    counts: BTreeMap<Count, Delta>,
    /// How much of each asset that moved.
    assets: BTreeMap<Asset, Sums>,
}

/// How much of an asset moved.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportSums"))]
pub(crate) struct Sums {
    /// As far as the report tells it.
    #[serde(flatten)]
    sums: BTreeMap<Sum, Delta>,
    /// Gross gaming revenue: stakes less what came back to the customers, on the day it came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    ggr: Option<Delta>,
}

/// Which figures a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReportName"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// Everything.
    Kpis,
    /// Bets.
    Betting,
    /// Deposits.
    Payments,
    /// How far orders come.
    Orders,
}

/// What all of the platform's parts are looked at by; the rest of the orders' figures is in their own report.
const KPIS: &[Count] = &[
    Count::Registrations,
    Count::Logins,
    Count::BetsPlaced,
    Count::BetsSettled,
    Count::SettlementsCorrected,
    Count::BetsCancelled,
    Count::DepositsInitiated,
    Count::DepositsSucceeded,
    Count::DepositsFailed,
    Count::BonusesAwarded,
    Count::ReferralsCompleted,
    Count::NotificationsSent,
    Count::NotificationsFailed,
    Count::OrdersInitiated,
    Count::OrdersPaid,
    Count::OrdersCreated,
    Count::OrdersFailed,
];

impl Report {
    /// The report called `name`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Kpis, Self::Betting, Self::Payments, Self::Orders].into_iter().find(|report| report.as_str() == name)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Kpis => "kpis",
            Self::Betting => "betting",
            Self::Payments => "payments",
            Self::Orders => "orders",
        }
    }

    const fn counts(self) -> &'static [Count] {
        match self {
            Self::Kpis => KPIS,
            Self::Betting => {
                &[Count::BetsPlaced, Count::BetsSettled, Count::SettlementsCorrected, Count::BetsCancelled]
            }
            Self::Payments => &[Count::DepositsInitiated, Count::DepositsSucceeded, Count::DepositsFailed],
            Self::Orders => &[],
        }
    }

    const fn sums(self) -> &'static [Sum] {
        match self {
            Self::Kpis => Sum::ALL,
            Self::Betting => &[Sum::Stakes, Sum::Refunds, Sum::Payouts],
            Self::Payments => &[Sum::DepositsInitiated, Sum::DepositsSucceeded, Sum::DepositsFailed],
            Self::Orders => &[Sum::OrderPayments, Sum::OrderRefunds],
        }
    }

    /// The report on `period`.
    ///
    /// # Errors
    /// If a total has too many digits.
    pub(crate) fn body<'a>(self, period: &'a Period, daily: &'a Daily) -> Result<Answer<'a>, MoneyError> {
        if self == Self::Orders {
            return OrdersView::of(period, daily).map(Answer::Orders);
        }
        let (mut totals, mut days) = (Counters::default(), Vec::new());
        for day in period.days() {
            let counters = daily.of_day(day);
            totals.add(&counters)?;
            days.push(Day { day, figures: self.figures(&counters)? });
        }
        let (from, to) = period.ends();
        Ok(Answer::Figures(ReportView { report: self, from, to, totals: self.figures(&totals)?, days }))
    }

    fn figures(self, counters: &Counters) -> Result<Figures, MoneyError> {
        let counts = self.counts().iter().map(|count| (*count, counters.count(*count))).collect();
        Ok(Figures { counts, assets: self.assets(counters)? })
    }

    /// How much of each asset moved, as far as the report tells it.
    ///
    /// # Errors
    /// If a figure has too many digits.
    pub(crate) fn assets(self, counters: &Counters) -> Result<BTreeMap<Asset, Sums>, MoneyError> {
        let mut assets = BTreeMap::new();
        for asset in Asset::ALL {
            if self.sums().iter().all(|sum| counters.sum(*sum, asset).is_none()) {
                continue;
            }
            let amount = |sum: &Sum| (*sum, counters.sum(*sum, asset).unwrap_or_default());
            let has_payouts = self.sums().contains(&Sum::Payouts);
            let ggr = has_payouts.then(|| gross_gaming_revenue(counters, asset)).transpose()?;
            assets.insert(asset, Sums { sums: self.sums().iter().map(amount).collect(), ggr });
        }
        Ok(assets)
    }
}

/// Stakes less what came back to the customers, on the day it came back.
fn gross_gaming_revenue(counters: &Counters, asset: Asset) -> Result<Delta, MoneyError> {
    let sum = |sum: Sum| counters.sum(sum, asset).unwrap_or_default().value();
    let less = |a: rust_decimal::Decimal, b| a.checked_sub(b).ok_or(MoneyError::Overflow);
    less(less(sum(Sum::Stakes), sum(Sum::Refunds))?, sum(Sum::Payouts)).map(Delta::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quoin_money::Amount;

    fn shard(sk: &str, counters: &[(&str, &str)]) -> Item {
        counters.iter().fold(Item::new().text("pk", "counters#2026-01").text("sk", sk), |item, (name, digits)| {
            item.number(name, digits)
        })
    }

    fn period(from: &str, to: &str) -> Period {
        Period::try_new(Some(from), Some(to)).unwrap()
    }

    #[test]
    fn shards_add_up_to_days_and_days_to_totals() {
        let mut daily = Daily::default();
        for shard in [
            shard("04#0", &[("bets_placed", "2"), ("stakes.cash", "10.5"), ("logins", "9")]),
            shard("04#7", &[("bets_placed", "1"), ("stakes.cash", "0.25"), ("payouts.cash", "3")]),
            shard("05#1", &[("bets_cancelled", "1"), ("refunds.cash", "0.25"), ("stakes.promo_coins", "7")]),
        ] {
            daily.add_shard("2026-01", &shard).unwrap();
        }
        let period = period("2026-01-04", "2026-01-06");
        let body = serde_json::to_value(Report::Betting.body(&period, &daily).unwrap()).unwrap();
        assert_eq!(body["days"].as_array().unwrap().len(), 3);
        assert_eq!(body["days"][0]["day"], "2026-01-04");
        assert_eq!(body["days"][0]["assets"]["cash"]["ggr"].to_string(), "7.75");
        assert_eq!(body["days"][1]["assets"]["cash"]["ggr"].to_string(), "-0.25");
        assert_eq!(body["days"][2]["bets_placed"], 0);
        assert_eq!(body["totals"]["bets_placed"], 3);
        assert_eq!(body["totals"]["assets"]["cash"]["stakes"].to_string(), "10.75");
        assert_eq!(body["totals"]["assets"]["cash"]["ggr"].to_string(), "7.5");
        assert_eq!(body["totals"]["assets"]["promo_coins"]["ggr"], 7);
        assert_eq!(body["totals"].get("logins"), None);
    }

    #[test]
    fn only_these_reports_exist() {
        assert_eq!(Report::parse("kpis"), Some(Report::Kpis));
        assert_eq!(Report::parse("KPIS"), None);
        assert_eq!(Report::parse(""), None);
    }

    #[test]
    fn a_shard_lies_between_the_bounds_of_its_day() {
        let (first, last) = shards_between("04", "05");
        for chance in 0..SHARDS {
            for campaign in [None, Some("A#ü~"), Some("~")] {
                let key = shard_key("2026-01-05", campaign, |shards| chance.min(shards));
                assert_eq!(key.pk, campaign.map_or(month_pk("2026-01"), |_| campaigns_pk("2026-01")));
                assert_eq!(code_of(&key.sk), campaign);
                assert!(first < key.sk && key.sk < last);
            }
        }
        assert!(shard_key("2026-01-06", Some(" "), |_| 0).sk > last);
        assert!(shard_key("2026-01-03", Some("~"), |_| 0).sk < first);
    }

    proptest! {
        #[test]
        fn however_events_are_spread_over_shards_the_day_is_the_same(
            amounts in proptest::collection::vec((0_u32..100_000, 0_usize..8), 0..40)
        ) {
            let mut expected = Counters::default();
            let mut shards = vec![Counters::default(); 8];
            for (units, at) in amounts {
                let event = Counters::default().once(Count::BetsPlaced).plus(Sum::Stakes, Asset::Cash, Amount::whole(units));
                expected.add(&event).unwrap();
                shards[at].add(&event).unwrap();
            }
            let mut daily = Daily::default();
            for (n, counters) in shards.iter().enumerate() {
                let stored: Vec<_> = counters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
                let stored: Vec<_> = stored.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                daily.add_shard("2026-01", &shard(&format!("04#{n}"), &stored)).unwrap();
            }
            let mut whole = Daily::default();
            whole.days.insert("2026-01-04".to_owned(), expected);
            let period = period("2026-01-04", "2026-01-04");
            prop_assert_eq!(Report::Kpis.body(&period, &daily).unwrap(), Report::Kpis.body(&period, &whole).unwrap());
        }
    }
}
