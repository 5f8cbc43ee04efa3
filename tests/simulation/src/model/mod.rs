//! What must come of what was done: users' money worked out again from the parties' own records, in whole hundredths,
//! without a line of the platform's rules.

mod bets;
pub(crate) mod boosts;
mod figures;
mod ledger;
pub(crate) mod listed;
mod orders;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

use crate::actors::Record;
use crate::books::Books;
use crate::cloud::Cloud;
use crate::findings::{Broken, Check, Side};
use crate::money::{Cents, of, shown};
use crate::newcomers;
use crate::people::People;
use crate::scenario::Action;

use sums::Sums;

const WELCOME: Cents = 10_000;
const REFERRAL: Cents = 5_000;
const DEPOSIT_BONUS_MAX: Cents = 50_000;

/// Compares what is with what must be.
pub(crate) fn compare(cloud: &Cloud, books: &Books, record: &Record, people: &People) -> Vec<Broken> {
    let (mut broken, mut sums) = (Vec::new(), Sums::default());
    let newcomers: BTreeSet<_> = newcomers::registered(record).map(|(user, _, _)| user).collect();
    let everybody: Vec<_> = people.ids().iter().map(String::as_str).chain(newcomers).collect();
    for user in &everybody {
        sums.add(user, "bonus", "bonuses", WELCOME);
    }
    broken.extend(deposits(books, record, people, &mut sums));
    commands(record, people, &mut sums);
    broken.extend(bets::compare(books, record, people, &mut sums));
    broken.extend(orders::compare(cloud, books, record, people, &mut sums));
    broken.extend(boosts::compare(cloud, books, record));
    broken.extend(listed::compare(cloud, books, record, people, &boosts::given(record), &mut sums));
    broken.extend(sums.compare(books, &everybody));
    broken.extend(figures::points(books, record, people));
    broken.extend(figures::figures(books));
    broken.extend(ledger::compare(cloud, books));
    broken
}

/// A deposit that the provider calls paid is there, every other one is not; each with its bonus.
fn deposits(books: &Books, record: &Record, people: &People, sums: &mut Sums) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut paid: BTreeMap<&str, Vec<Cents>> = BTreeMap::new();
    for done in &record.done {
        let Action::Deposit { user, cents, method } = &done.step.action else { continue };
        let Some(body) = done.accepted() else { continue };
        let payment = body["payment_id"].as_str().unwrap_or_default();
        // The provider knows best whether it ever heard of a deposit.
        let verdict = books.verdicts.get(payment).map_or("none", String::as_str);
        let is_paid_late = record.paid_after_all.iter().any(|one| one == payment);
        let state = books.state(&format!("payment#{payment}")).cloned().unwrap_or_default();
        let is_paid = verdict == "succeeded" && !books.was_asked_for_too_late(payment);
        let expected = if is_paid || is_paid_late { "succeeded" } else { "failed" };
        let status = state["status"].as_str().unwrap_or("not there");
        let amount = Cents::from(*cents);
        if status != expected {
            let what = format!("deposit {payment} ({method}) is {status}, the model says {expected}");
            let kept = if state["amount"].is_null() { String::new() } else { shown(of(&state["amount"])) };
            broken.push(Broken::new(Check::Deposits, what).beside([
                Side::new("status", expected, status),
                Side::new("amount", shown(amount), kept),
                Side::new("the provider's verdict", "", verdict),
                Side::new("paid after all", "", is_paid_late),
            ]));
        }
        if expected == "succeeded" {
            sums.add(people.id(*user), "cash", "deposits", amount);
            paid.entry(people.id(*user)).or_default().push(amount);
        }
    }
    for (user, amounts) in paid {
        // Whichever deposit was heard of first, and one of them only.
        let given = deposit_bonus(books, user);
        let fits = match given.as_slice() {
            [] => amounts.iter().any(|amount| *amount < 10),
            [one] => amounts.iter().any(|amount| (amount / 10).min(DEPOSIT_BONUS_MAX) == *one),
            _ => false,
        };
        if !fits {
            let what = format!("{user} paid {amounts:?} and was given the deposit bonuses {given:?}");
            let possible: Vec<_> = amounts.iter().map(|amount| shown((amount / 10).min(DEPOSIT_BONUS_MAX))).collect();
            let told: Vec<_> = given.iter().map(|cents| shown(*cents)).collect();
            let side = Side::new("deposit bonus", format!("one of {}", possible.join(", ")), told.join(" and "));
            broken.push(Broken::new(Check::Deposits, what).beside([side]));
        }
        sums.add(user, "bonus", "bonuses", given.iter().sum::<Cents>());
        if user == people.id(1) {
            sums.add(people.id(0), "bonus", "bonuses", REFERRAL);
        }
    }
    broken
}

fn deposit_bonus(books: &Books, user: &str) -> Vec<Cents> {
    let awards = books.of_kind("award").flat_map(|(_, entries)| entries).flat_map(|entry| &entry.events);
    let bonuses = awards.filter(|event| event["event"] == "BonusAwarded" && event["data"]["kind"] == "deposit");
    bonuses.filter(|event| event["data"]["user_id"] == user).map(|event| of(&event["data"]["amount"])).collect()
}

/// Transfers, adjustments, holds.
fn commands(record: &Record, people: &People, sums: &mut Sums) {
    for done in record.done.iter().filter(|done| done.accepted().is_some()) {
        match &done.step.action {
            Action::Transfer { from, to, cents } => {
                sums.add(people.id(*from), "cash", "transfers", -Cents::from(*cents));
                sums.add(people.id(*to), "cash", "transfers", Cents::from(*cents));
            }
            Action::Gift { user, coins } => {
                sums.add(people.id(*user), coins.asset, "adjustments", 100 * Cents::from(coins.units));
            }
            Action::Adjust { user, cents } => {
                sums.add(people.id(*user), "cash", "adjustments", Cents::from(*cents));
            }
            Action::Hold { user, cents, is_captured: true } => {
                sums.add(people.id(*user), "cash", "holds", -Cents::from(*cents));
            }
            _ => {}
        }
    }
}
