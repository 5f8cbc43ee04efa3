//! From counters to figures by day and plan.
//!
//! What each counter means is said where it is made (`quoin-views`, contributions). Two figures follow from them here:
//! the recurring revenue of a day is the sum of all steps up to it, and the rate of a conversion is the part of what
//! began on a day that was completed, with four decimals, halves up; what is still under way counts as begun.

use std::collections::BTreeMap;

use quoin_money::{Amount, Delta, MoneyError, Rounding};
use quoin_runtime::Period;
use quoin_views::{Counter, Measured};
use rust_decimal::Decimal;
use serde::Serialize;

/// Decimals of a rate.
const RATE_SCALE: u32 = 4;

/// Figures by name.
type Figures = BTreeMap<String, Delta>;

/// The figures of a period.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Analytics {
    /// What is measured.
    view: Measured,
    /// The first day, in UTC.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    from: String,
    /// The last one.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    to: String,
    /// All of the period; of recurring revenue, what it is on the last day.
    total: PlanFigures,
    /// Each day of the period.
    days: Vec<AnalyticsDay>,
}

/// The figures of a day.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AnalyticsDay {
    /// The day, in UTC.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    day: String,
    #[serde(flatten)]
    figures: PlanFigures,
}

/// Figures in all and by plan. Registrations: `registered`. Churn: `cancelled`, and each reason (`customer`,
/// `payment_failed`, `erasure`). Conversion: `begun`, `completed`, why others came to nothing (`payment_declined`,
/// `payment_expired`, `erasure`), and `rate`, if anything began. Recurring revenue: `mrr`. A figure that is zero may be
/// left out.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PlanFigures {
    /// Of all plans.
    all: Figures,
    /// Of each plan; what is of no plan is in none of them.
    plans: BTreeMap<String, Figures>,
}

impl PlanFigures {
    fn add(&mut self, figure: &str, plan: Option<&str>, delta: Delta) -> Result<(), MoneyError> {
        let plan = plan.map(|plan| self.plans.entry(plan.to_owned()).or_default());
        for figures in [Some(&mut self.all), plan].into_iter().flatten() {
            let sum = figures.entry(figure.to_owned()).or_default();
            *sum = sum.and(delta)?;
        }
        Ok(())
    }

    /// With what follows from the counters, and without what comes to nothing.
    fn finished(mut self, measured: Measured) -> Result<Self, MoneyError> {
        for figures in self.plans.values_mut() {
            figures.retain(|_, sum| !sum.is_zero());
        }
        self.plans.retain(|_, figures| !figures.is_empty());
        let headline = match measured {
            Measured::Registrations => "registered",
            Measured::Mrr => "mrr",
            Measured::Churn => "cancelled",
            Measured::Conversion => "begun",
        };
        self.all.retain(|name, sum| name == headline || !sum.is_zero());
        self.all.entry(headline.to_owned()).or_default();
        if measured == Measured::Conversion {
            let figure = |name: &str| self.all.get(name).copied().unwrap_or_default().value();
            if let Some(rate) = figure("completed").checked_div(figure("begun")) {
                let rate = Amount::try_new(rate)?.times(Decimal::ONE, RATE_SCALE, Rounding::HalfUp)?;
                self.all.insert("rate".to_owned(), Delta::plus(rate));
            }
        }
        Ok(self)
    }
}

/// The figures of `period` by `counters`, which for recurring revenue are all since the beginning.
///
/// # Errors
/// If a sum has too many digits.
pub(crate) fn analytics(
    measured: Measured,
    period: &Period,
    counters: BTreeMap<Counter, Delta>,
) -> Result<Analytics, MoneyError> {
    let mut by_day: BTreeMap<String, Vec<(Counter, Delta)>> = BTreeMap::new();
    for (counter, delta) in counters {
        by_day.entry(counter.day.clone()).or_default().push((counter, delta));
    }
    let (from, to) = period.ends();
    let mut total = PlanFigures::default();
    if measured == Measured::Mrr {
        for (counter, delta) in by_day.range(..from.to_owned()).flat_map(|(_, counters)| counters) {
            total.add("mrr", Some(&counter.plan), *delta)?;
        }
    }
    let mut days = Vec::with_capacity(period.days().len());
    for day in period.days() {
        let mut own = PlanFigures::default();
        for (counter, delta) in by_day.get(day).into_iter().flatten() {
            let plan = Some(counter.plan.as_str()).filter(|plan| *plan != "-");
            let figure = if measured == Measured::Mrr { "mrr" } else { counter.figure.as_str() };
            let is_cancelled = (measured == Measured::Churn).then_some("cancelled");
            for figure in [Some(figure), is_cancelled].into_iter().flatten() {
                own.add(figure, plan, *delta)?;
                total.add(figure, plan, *delta)?;
            }
        }
        let figures = if measured == Measured::Mrr { total.clone() } else { own };
        days.push(AnalyticsDay { day: day.clone(), figures: figures.finished(measured)? });
    }
    let total = total.finished(measured)?;
    Ok(Analytics { view: measured, from: from.to_owned(), to: to.to_owned(), total, days })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(measured: Measured, counters: &[(&str, &str, &str, &str)]) -> serde_json::Value {
        let period = Period::try_new(Some("2026-01-04"), Some("2026-01-05")).unwrap();
        let counters = counters.iter().map(|(day, figure, plan, sum)| {
            let [day, figure, plan] = [day, figure, plan].map(|text| (*text).to_owned());
            (Counter { measured, day, figure, plan }, sum.parse().unwrap())
        });
        serde_json::to_value(analytics(measured, &period, counters.collect()).unwrap()).unwrap()
    }

    #[test]
    fn revenue_is_what_all_steps_come_to() {
        let steps = [
            ("2025-06-01", "step", "yearly", "8.25"),
            ("2026-01-02", "step", "monthly", "9.99"),
            ("2026-01-05", "step", "monthly", "-9.99"),
            ("2026-01-06", "step", "yearly", "-8.25"),
        ];
        let said = shown(Measured::Mrr, &steps);
        assert_eq!(said["days"][0]["all"]["mrr"].to_string(), "18.24");
        assert_eq!(said["days"][0]["plans"]["monthly"]["mrr"].to_string(), "9.99");
        assert_eq!(
            said["days"][1].to_string(),
            r#"{"all":{"mrr":8.25},"day":"2026-01-05","plans":{"yearly":{"mrr":8.25}}}"#
        );
        assert_eq!(said["total"]["all"]["mrr"].to_string(), "8.25");
    }

    #[test]
    fn a_conversion_has_a_rate_where_something_began() {
        let counters = [
            ("2026-01-04", "begun", "-", "3"),
            ("2026-01-04", "completed", "monthly", "1"),
            ("2026-01-04", "completed", "yearly", "1"),
            ("2026-01-04", "payment_declined", "-", "1"),
        ];
        let said = shown(Measured::Conversion, &counters);
        assert_eq!(
            said["days"][0]["all"].to_string(),
            r#"{"begun":3,"completed":2,"payment_declined":1,"rate":0.6667}"#
        );
        assert_eq!(said["days"][0]["plans"]["yearly"].to_string(), r#"{"completed":1}"#);
        assert_eq!(said["days"][1]["all"].to_string(), r#"{"begun":0}"#);
        assert_eq!(said["total"]["all"]["rate"].to_string(), "0.6667");
    }

    #[test]
    fn cancellations_are_counted_in_all_and_by_reason() {
        let said = shown(
            Measured::Churn,
            &[("2026-01-05", "customer", "monthly", "2"), ("2026-01-05", "erasure", "yearly", "1")],
        );
        assert_eq!(said["total"]["all"].to_string(), r#"{"cancelled":3,"customer":2,"erasure":1}"#);
        assert_eq!(said["days"][1]["plans"]["monthly"].to_string(), r#"{"cancelled":2,"customer":2}"#);
        assert_eq!(said["days"][0]["all"].to_string(), r#"{"cancelled":0}"#);
    }
}
