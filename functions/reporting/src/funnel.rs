//! The report on orders: how far they come, what stops them, and what they are worth.
//!
//! Each event counts on the day on which it happened, so an order that is paid before midnight and created after it
//! counts on two days, and a step may have more orders than the one before it.

use std::collections::BTreeMap;

use quoin_events::types::{OrderFailureReason, OrderFailureStage};
use quoin_money::{Asset, Delta, MoneyError};
use quoin_runtime::Period;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::counters::{Count, Counters, Rule, Total};
use crate::report::{Daily, Report, Sums};

/// The steps of an order, in order.
const STEPS: [Count; 8] = [
    Count::OrdersStarted,
    Count::OrdersValidated,
    Count::OrdersAllowed,
    Count::OrdersInitiated,
    Count::OrdersPaid,
    Count::OrdersConfirmed,
    Count::OrdersCreated,
    Count::OrdersNotified,
];
/// Those of them whose events name the campaign.
const CAMPAIGN_STEPS: [Count; 4] =
    [Count::OrdersStarted, Count::OrdersInitiated, Count::OrdersPaid, Count::OrdersCreated];

/// Decimals of a share.
const SHARE_SCALE: u32 = 4;

/// How orders went in a period.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrdersReport"))]
pub(crate) struct OrdersView<'a> {
    /// Which figures.
    report: Report,
    /// The first day.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    from: &'a str,
    /// The last one.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    to: &'a str,
    /// All days together.
    totals: Orders,
    /// Campaigns that at least one order was made with, by code.
    campaigns: Vec<Campaign<'a>>,
    /// Orders asked for with codes that no order was made with.
    other_codes: Delta,
    /// Every day of the period, in order.
    days: Vec<OrdersDay<'a>>,
}

/// How orders went on a day.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OrdersDay<'a> {
    /// In UTC.
    #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
    day: &'a str,
    #[serde(flatten)]
    orders: Orders,
}

/// How orders went.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Orders {
    /// How many came how far.
    funnel: Vec<FunnelStep>,
    /// What each rule said.
    rules: Vec<RuleFigures>,
    /// Why orders came to nothing, by reason.
    failures: Vec<FailureFigures>,
    /// Milliseconds that a validation took, on average; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    average_validation_ms: Option<Delta>,
    #[serde(flatten)]
    worth: Worth,
    /// What was taken for orders and given back, by asset.
    assets: BTreeMap<Asset, Sums>,
}

/// What initiated orders are worth, in the stage's currency, whatever they are paid with.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Worth {
    /// Prices times quantities.
    order_value: Delta,
    /// What campaigns took off.
    discount: Delta,
    /// What was to be paid.
    final_amount: Delta,
}

/// One step of the funnel.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct FunnelStep {
    /// Which.
    step: Count,
    /// How many orders took it.
    orders: Delta,
    /// Their share of the orders that took the step before; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_previous: Option<Delta>,
    /// Their share of the orders that were asked for; absent if none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_started: Option<Delta>,
}

/// What a rule said of all orders that it was asked about.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RuleFigures {
    /// The rule.
    rule: Rule,
    /// How many orders it refused.
    refused: Delta,
    /// The share that it let pass; absent if it was asked about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<Delta>,
}

/// How many orders failed for a reason.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct FailureFigures {
    /// Why.
    reason: OrderFailureReason,
    /// How far they had come.
    stage: OrderFailureStage,
    /// How many.
    orders: Delta,
}

/// How orders with a campaign's code went.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CampaignFigures"))]
struct Campaign<'a> {
    /// The code.
    code: &'a str,
    /// How many came how far.
    funnel: Vec<FunnelStep>,
    #[serde(flatten)]
    worth: Worth,
}

impl<'a> OrdersView<'a> {
    /// The report on `period`.
    ///
    /// # Errors
    /// If a total has too many digits.
    pub(crate) fn of(period: &'a Period, daily: &'a Daily) -> Result<Self, MoneyError> {
        let (mut totals, mut days) = (Counters::default(), Vec::new());
        for day in period.days() {
            let counters = daily.of_day(day);
            totals.add(&counters)?;
            days.push(OrdersDay { day, orders: Orders::of(&counters)? });
        }
        let (mut campaigns, mut other_codes) = (Vec::new(), Delta::ZERO);
        for (code, counters) in daily.campaigns() {
            if counters.count(Count::OrdersInitiated).is_zero() {
                other_codes = other_codes.and(counters.count(Count::OrdersStarted))?;
            } else {
                campaigns.push(Campaign {
                    code,
                    funnel: funnel(&CAMPAIGN_STEPS, counters),
                    worth: Worth::of(counters),
                });
            }
        }
        let (from, to) = period.ends();
        Ok(Self { report: Report::Orders, from, to, totals: Orders::of(&totals)?, campaigns, other_codes, days })
    }
}

impl Orders {
    fn of(counters: &Counters) -> Result<Self, MoneyError> {
        let validated = counters.count(Count::OrdersValidated);
        let rules = Rule::ALL.iter().map(|rule| {
            let refused = counters.refused_by(*rule);
            let passed = validated.value().checked_sub(refused.value()).ok_or(MoneyError::Overflow)?;
            Ok(RuleFigures { rule: *rule, refused, success: share(Delta::new(passed), validated) })
        });
        let failures = counters.failures();
        Ok(Self {
            funnel: funnel(&STEPS, counters),
            rules: rules.collect::<Result<_, _>>()?,
            failures: failures
                .map(|(reason, orders)| FailureFigures { reason, stage: reason.stage(), orders })
                .collect(),
            average_validation_ms: share(counters.of_total(Total::ValidationTime), validated),
            worth: Worth::of(counters),
            assets: Report::Orders.assets(counters)?,
        })
    }
}

impl Worth {
    fn of(counters: &Counters) -> Self {
        Self {
            order_value: counters.of_total(Total::OrderValue),
            discount: counters.of_total(Total::OrderDiscount),
            final_amount: counters.of_total(Total::OrderAmount),
        }
    }
}

fn funnel(steps: &[Count], counters: &Counters) -> Vec<FunnelStep> {
    let orders = |step: &Count| counters.count(*step);
    let before = std::iter::once(None).chain(steps.iter().map(Some));
    let started = steps.first().map(orders).unwrap_or_default();
    steps
        .iter()
        .zip(before)
        .map(|(step, before)| FunnelStep {
            step: *step,
            orders: orders(step),
            of_previous: before.and_then(|before| share(orders(step), orders(before))),
            of_started: share(orders(step), started),
        })
        .collect()
}

/// `part` of `whole`, rounded half up to four decimals.
fn share(part: Delta, whole: Delta) -> Option<Delta> {
    let share: Decimal = part.value().checked_div(whole.value())?;
    Some(Delta::new(share.round_dp_with_strategy(SHARE_SCALE, RoundingStrategy::MidpointAwayFromZero)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_store::Item;
    use serde_json::{Value, json};

    fn shard(sk: &str, counters: &[(&str, &str)]) -> Item {
        let item = Item::new().text("pk", "any").text("sk", sk);
        counters.iter().fold(item, |item, (name, digits)| item.number(name, digits))
    }

    fn report(days: &[Item], campaigns: &[Item]) -> Value {
        let mut daily = Daily::default();
        days.iter().for_each(|item| daily.add_shard("2026-01", item).unwrap());
        campaigns.iter().for_each(|item| daily.add_campaign_shard(item).unwrap());
        let period = Period::try_new(Some("2026-01-04"), Some("2026-01-05")).unwrap();
        serde_json::to_value(OrdersView::of(&period, &daily).unwrap()).unwrap()
    }

    /// The source's day: 10,000 orders asked for, 9,200 initiated.
    fn day(sk: &str) -> Item {
        shard(
            sk,
            &[
                ("orders_started", "10000"),
                ("orders_validated", "9500"),
                ("orders_allowed", "9300"),
                ("orders_initiated", "9200"),
                ("orders_paid", "9200"),
                ("orders_confirmed", "9100"),
                ("orders_created", "9100"),
                ("orders_notified", "9099"),
                ("orders_failed", "300"),
                ("orders_failed.KYC_REQUIRED", "200"),
                ("orders_failed.MERCHANT_REJECTED", "100"),
                ("orders_refused.user_kyc", "200"),
                ("validation_ms", "3166667"),
                ("order_value", "4600000"),
                ("order_discount", "0.1"),
                ("order_final_amount", "4599999.9"),
                ("order_payments.rez_coins", "920000"),
                ("order_refunds.rez_coins", "10000"),
            ],
        )
    }

    #[test]
    fn steps_have_their_share_of_the_step_before_and_of_all() {
        let body = report(&[day("04#0")], &[]);
        let steps = body["totals"]["funnel"].as_array().unwrap();
        let column = |name: &str| steps.iter().map(|step| step[name].to_string()).collect::<Vec<_>>();
        assert_eq!(column("orders"), ["10000", "9500", "9300", "9200", "9200", "9100", "9100", "9099"]);
        assert_eq!(column("of_previous"), ["null", "0.95", "0.9789", "0.9892", "1", "0.9891", "1", "0.9999"]);
        assert_eq!(column("of_started"), ["1", "0.95", "0.93", "0.92", "0.92", "0.91", "0.91", "0.9099"]);
        assert_eq!(steps[0]["step"], "orders_started");
    }

    #[test]
    fn what_stops_orders_and_what_they_are_worth_adds_up_over_days() {
        let body = report(&[day("04#0"), day("05#3")], &[]);
        let totals = &body["totals"];
        let kyc = totals["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "user_kyc").unwrap();
        assert_eq!((kyc["refused"].to_string(), kyc["success"].to_string()), ("400".to_owned(), "0.9789".to_owned()));
        let reasons = totals["failures"].as_array().unwrap();
        assert_eq!(reasons[0], json!({"reason": "KYC_REQUIRED", "stage": "validation", "orders": 400}));
        assert_eq!(reasons[1], json!({"reason": "MERCHANT_REJECTED", "stage": "merchant", "orders": 200}));
        assert_eq!(totals["average_validation_ms"].to_string(), "333.3334");
        assert_eq!(totals["discount"].to_string(), "0.2");
        assert_eq!(totals["final_amount"].to_string(), "9199999.8");
        assert_eq!(totals["assets"]["rez_coins"], json!({"order_payments": 1_840_000, "order_refunds": 20000}));
        assert_eq!(body["days"][0]["failures"][0]["orders"], 200);
        assert_eq!(body["days"][1]["day"], "2026-01-05");
    }

    #[test]
    fn a_day_without_orders_has_no_shares() {
        let body = report(&[], &[]);
        assert_eq!(body["totals"]["funnel"][1], json!({"step": "orders_validated", "orders": 0}));
        assert_eq!(body["totals"]["rules"][0], json!({"rule": "min_order_value", "refused": 0}));
        assert_eq!(body["totals"].get("average_validation_ms"), None);
        assert_eq!(body["totals"]["assets"], json!({}));
    }

    #[test]
    fn a_campaign_is_one_that_orders_were_made_with() {
        let body = report(
            &[],
            &[
                shard("04#WEEK#END#1", &[("orders_started", "3"), ("orders_initiated", "1"), ("order_value", "500")]),
                shard("05#WEEK#END#7", &[("orders_started", "1"), ("orders_initiated", "1"), ("orders_paid", "2")]),
                shard("05#typo#0", &[("orders_started", "2")]),
                shard("05#other typo#0", &[("orders_started", "1")]),
            ],
        );
        assert_eq!(body["campaigns"].as_array().unwrap().len(), 1);
        let campaign = &body["campaigns"][0];
        assert_eq!(
            (campaign["code"].as_str(), campaign["order_value"].to_string()),
            (Some("WEEK#END"), "500".to_owned())
        );
        assert_eq!(
            campaign["funnel"][1],
            json!({"step": "orders_initiated", "orders": 2, "of_previous": 0.5, "of_started": 0.5})
        );
        assert_eq!(body["other_codes"], 3);
    }
}
