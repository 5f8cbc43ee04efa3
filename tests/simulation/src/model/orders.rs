//! Orders: each ends as its merchant decided, a refund and what the merchant has exclude each other, and stock, uses,
//! points and cashback are what the orders that held make of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::sums::Sums;
use crate::actors::Record;
use crate::audit::{json, text};
use crate::books::Books;
use crate::cloud::Cloud;
use crate::findings::{Broken, Check, Side};
use crate::money::{Cents, of, shown};
use crate::people::People;
use crate::scenario::Action;
use crate::shop::{CAMPAIGNS, Cart, MERCHANTS};

/// Of what an order cost, this comes back as whole coins.
const CASHBACK_PERCENT: Cents = 5;

/// An order that was taken.
struct Taken<'a> {
    id: &'a str,
    user: &'a str,
    cart: &'a Cart,
    /// What came of it, as its stream says.
    status: &'a str,
}

/// Compares what became of all orders with what must have.
pub(super) fn compare(cloud: &Cloud, books: &Books, record: &Record, people: &People, sums: &mut Sums) -> Vec<Broken> {
    let orders: Vec<_> = taken(books, record, people).collect();
    let mut broken = Vec::new();
    let desk = Desk::read(cloud);
    let views: BTreeMap<String, String> = cloud
        .scan("SupportTable")
        .iter()
        .filter(|item| text(item, "sk") == "view")
        .map(|item| {
            let view = json(item, "view");
            (name(&view["order_id"]).to_owned(), name(&view["status"]).to_owned())
        })
        .collect();
    for order in &orders {
        broken.extend(order.ended(books, &desk));
        let seen = views.get(order.id).map_or("not there", String::as_str);
        let fits = seen == order.status;
        broken.extend((!fits).then(|| wrong(order, "support sees another end", order.status, seen)));
        order.money(books, sums);
        broken.extend(order.earned(books, sums));
    }
    broken.extend(stock(cloud, &orders));
    broken
}

fn taken<'a>(books: &'a Books, record: &'a Record, people: &'a People) -> impl Iterator<Item = Taken<'a>> {
    record.done.iter().filter_map(|done| {
        let Action::Order { user, cart } = &done.step.action else { return None };
        let id = done.accepted()?["order_id"].as_str()?;
        let status = books.state(&format!("order#{id}")).map_or("not there", |state| name(&state["status"]));
        Some(Taken { id, user: people.id(*user), cart, status })
    })
}

fn name(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn wrong(order: &Taken<'_>, what: &str, expected: &str, is: &str) -> Broken {
    let what = format!("order {}: {what}", order.id);
    Broken::new(Check::Orders, what).beside([Side::new("order", expected, is)])
}

/// What merchants were asked and decided, also what they have forgotten.
struct Desk {
    verdicts: BTreeMap<String, String>,
    /// Orders to which a merchant said no before it said yes.
    contradicted: Vec<String>,
}

impl Desk {
    fn read(cloud: &Cloud) -> Self {
        let mut desk = Self { verdicts: BTreeMap::new(), contradicted: Vec::new() };
        for item in cloud.ever("SandboxTable") {
            let Some(order) = text(&item, "pk").strip_prefix("merchant-order#") else { continue };
            if text(&item, "sk") == "decided" {
                desk.verdicts.insert(order.to_owned(), name(&json(&item, "verdict")).to_owned());
            } else if !item["rejected"].is_null() {
                desk.contradicted.push(order.to_owned());
            }
        }
        desk
    }
}

impl Taken<'_> {
    /// It ends as its merchant decided, by the events for that and no others.
    fn ended(&self, books: &Books, desk: &Desk) -> Vec<Broken> {
        let mut broken = Vec::new();
        let verdict = desk.verdicts.get(self.id).map_or("none", String::as_str);
        let said_no = desk.contradicted.iter().any(|one| one == self.id);
        let fits = match self.status {
            "created" => verdict == "taken",
            "failed" => verdict != "taken" || said_no,
            _ => false,
        };
        if !fits {
            broken.push(wrong(self, &format!("the merchant decided: {verdict}"), verdict, self.status));
        }
        let stream = books.streams.get(&format!("order#{}", self.id)).map(Vec::as_slice).unwrap_or_default();
        let later = stream.iter().skip(1).flat_map(|entry| &entry.events);
        // Repayments and expiries come along with a refund.
        let later: Vec<_> = later.map(|event| name(&event["event"])).filter(|one| *one != "wallet.debited").collect();
        let is_free = self.cart.cost().total == 0;
        let expected: &[&str] = match self.status {
            "created" => &["bizone.order_created", "order.created"],
            _ if is_free => &["order.failed"],
            _ => &["wallet.refunded", "order.failed"],
        };
        let told = later.strip_suffix(&["order.confirmation_sent"]).filter(|_| self.status == "created");
        if told.unwrap_or(&later) != expected {
            broken.push(wrong(self, "its end is told otherwise", &expected.join(", "), &later.join(", ")));
        }
        broken
    }

    /// What it took, asset by asset, unless all of it came back.
    fn money(&self, books: &Books, sums: &mut Sums) {
        if self.status != "created" {
            return;
        }
        let cause = format!("order#{}", self.id);
        let lines = books.lines(self.user).iter().filter(|line| line.cause == cause);
        let mut left = self.cart.cost().total;
        for line in lines.filter(|line| line.purpose == "debit_order_payment") {
            // What each asset pays is worked out with each commit; here it is what they make together.
            let part = (-line.delta).min(left);
            left -= part;
            sums.add_to(self.user, &line.asset, "orders", -part);
        }
        sums.add(self.user, "cash", "orders", -left);
    }

    /// Its cashback is granted once, and only to an order that holds.
    fn earned(&self, books: &Books, sums: &mut Sums) -> Vec<Broken> {
        let cost = self.cart.cost().total;
        let coins = cost * CASHBACK_PERCENT / 100 / 100 * 100;
        let expected = if self.status == "created" { coins } else { 0 };
        let awards = books.streams.get(&format!("award#cashback:{}", self.id));
        let events = awards.into_iter().flatten().flat_map(|entry| &entry.events);
        let granted: Cents = events.map(|event| of(&event["data"]["amount"])).sum();
        sums.add(self.user, "rez_coins", "bonuses", expected);
        let fits = granted == expected;
        let differs = || wrong(self, "another cashback", &shown(expected), &shown(granted));
        (!fits).then(differs).into_iter().collect()
    }
}

/// What is left of everything that is counted.
fn stock(cloud: &Cloud, orders: &[Taken<'_>]) -> Vec<Broken> {
    let mut left: BTreeMap<String, i64> = BTreeMap::new();
    for item in cloud.scan("OrderTable") {
        if let Some(number) = item["left"]["N"].as_str() {
            *left.entry(text(&item, "pk").to_owned()).or_default() += number.parse::<i64>().unwrap_or(i64::MIN);
        }
    }
    let held = || orders.iter().filter(|order| order.status == "created");
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for (place, merchant) in MERCHANTS.iter().enumerate() {
        for (number, (product, _, count)) in merchant.products.iter().enumerate() {
            let lines = held().filter(|order| order.cart.merchant == place).flat_map(|order| &order.cart.lines);
            let sold: i64 = lines.filter(|(one, _)| *one == number).map(|(_, quantity)| i64::from(*quantity)).sum();
            expected.insert(format!("stock#{}#{product}", merchant.id), i64::from(*count) - sold);
        }
    }
    for campaign in &CAMPAIGNS {
        let Some(most) = campaign.max_uses else { continue };
        let used = held().filter(|order| order.cart.campaign().is_some_and(|one| one.code == campaign.code)).count();
        let used = i64::try_from(used).unwrap_or(i64::MAX);
        expected.insert(format!("campaign-uses#{}", campaign.code), i64::from(most) - used);
    }
    let names = expected.keys().chain(left.keys()).collect::<std::collections::BTreeSet<_>>();
    let differing = names.into_iter().filter_map(|counter| {
        let (is, must) = (left.get(counter), expected.get(counter));
        let shown = |number: Option<&i64>| number.map_or_else(|| "none".to_owned(), i64::to_string);
        let what = || Broken::new(Check::Orders, format!("{counter} is {}", shown(is)));
        (is != must).then(|| what().beside([Side::new(counter.as_str(), shown(must), shown(is))]))
    });
    differing.collect()
}

/// Points that orders earn: one for each whole unit, of those that hold.
pub(super) fn points<'a>(books: &'a Books, record: &'a Record, people: &'a People) -> Vec<(&'a str, Cents)> {
    let held = taken(books, record, people).filter(|order| order.status == "created");
    held.map(|order| (order.user, order.cart.cost().total / 100)).collect()
}
