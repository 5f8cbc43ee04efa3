//! What must come of what was done: users' money worked out again from the parties' own records, in whole hundredths,
//! without a line of the platform's rules.

mod bets;
mod figures;

use std::collections::BTreeMap;

use crate::actors::Record;
use crate::books::Books;
use crate::findings::{Broken, Check};
use crate::invariants::under;
use crate::money::{Cents, of};
use crate::people::People;
use crate::scenario::Action;

const WELCOME: Cents = 10_000;
const REFERRAL: Cents = 5_000;
const DEPOSIT_BONUS_MAX: Cents = 50_000;

/// Compares what is with what must be.
pub(crate) fn compare(books: &Books, record: &Record, people: &People) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut cash: BTreeMap<String, Cents> = BTreeMap::new();
    let mut bonus: BTreeMap<String, Cents> = BTreeMap::new();
    for user in people.ids() {
        bonus.insert(user.clone(), WELCOME);
    }
    broken.extend(under(Check::Deposits, deposits(books, record, people, &mut cash, &mut bonus)));
    commands(record, people, &mut cash);
    broken.extend(under(Check::Bets, bets::compare(books, record, people, &mut cash, &mut bonus)));
    for user in people.ids() {
        for (asset, expected) in [("cash", cash.get(user)), ("bonus", bonus.get(user))] {
            let expected = expected.copied().unwrap_or(0);
            let expired: Cents = books
                .lines(user)
                .iter()
                .filter(|line| line.asset == asset && line.purpose == "debit_expired")
                .map(|line| line.delta)
                .sum();
            let (available, held, owed) = books.balance(user, asset);
            let is = available + held - owed - expired;
            if held != 0 {
                broken
                    .extend(under(Check::Money, [format!("{user} has {held} of {asset} held, every hold has ended")]));
            }
            if is != expected {
                broken.extend(under(Check::Money, [format!("{user} has {is} of {asset} (available {available}, held {held}, owed {owed}, expired {expired}), the model {expected}")]));
            }
        }
    }
    broken.extend(under(Check::Points, figures::points(books, record, people)));
    broken.extend(under(Check::Figures, figures::figures(books)));
    broken
}

/// A deposit that the provider calls paid is there, every other one is not; each with its bonus.
fn deposits(
    books: &Books,
    record: &Record,
    people: &People,
    cash: &mut BTreeMap<String, Cents>,
    bonus: &mut BTreeMap<String, Cents>,
) -> Vec<String> {
    let mut broken = Vec::new();
    let mut paid: BTreeMap<String, Vec<Cents>> = BTreeMap::new();
    for done in &record.done {
        let Action::Deposit { user, cents, method } = &done.step.action else { continue };
        let Some(body) = done.accepted() else { continue };
        let payment = body["payment_id"].as_str().unwrap_or_default();
        // The provider knows best whether it ever heard of a deposit.
        let verdict = books.verdicts.get(payment).map_or("none", String::as_str);
        let is_paid = verdict == "succeeded" || record.paid_after_all.iter().any(|one| one == payment);
        let status =
            books.state(&format!("payment#{payment}")).map(|state| state["status"].clone()).unwrap_or_default();
        let expected = if is_paid { "succeeded" } else { "failed" };
        if status != expected {
            broken.push(format!("deposit {payment} ({method}) is {status}, the model says {expected}"));
        }
        if is_paid {
            let amount = Cents::from(*cents);
            *cash.entry(people.id(*user).to_owned()).or_default() += amount;
            paid.entry(people.id(*user).to_owned()).or_default().push(amount);
        }
    }
    for (user, amounts) in paid {
        // Whichever deposit was heard of first, and one of them only.
        let given = deposit_bonus(books, &user);
        let fits = match given.as_slice() {
            [] => amounts.iter().any(|amount| *amount < 10),
            [one] => amounts.iter().any(|amount| (amount / 10).min(DEPOSIT_BONUS_MAX) == *one),
            _ => false,
        };
        if !fits {
            broken.push(format!("{user} paid {amounts:?} and was given the deposit bonuses {given:?}"));
        }
        *bonus.entry(user.clone()).or_default() += given.iter().sum::<Cents>();
        if user == people.id(1) {
            *bonus.entry(people.id(0).to_owned()).or_default() += REFERRAL;
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
fn commands(record: &Record, people: &People, cash: &mut BTreeMap<String, Cents>) {
    let mut add = |user: usize, amount: Cents| *cash.entry(people.id(user).to_owned()).or_default() += amount;
    for done in record.done.iter().filter(|done| done.accepted().is_some()) {
        match &done.step.action {
            Action::Transfer { from, to, cents } => {
                add(*from, -Cents::from(*cents));
                add(*to, Cents::from(*cents));
            }
            Action::Adjust { user, cents } => add(*user, Cents::from(*cents)),
            Action::Hold { user, cents, is_captured: true } => add(*user, -Cents::from(*cents)),
            _ => {}
        }
    }
}
