//! What must come of what was done: users' money worked out again from the parties' own records, in whole hundredths,
//! without a line of the platform's rules.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::actors::Record;
use crate::invariants::Books;
use crate::money::{Cents, of, times};
use crate::people::People;
use crate::scenario::{Action, Market};

const WELCOME: Cents = 10_000;
const REFERRAL: Cents = 5_000;
const DEPOSIT_BONUS_MAX: Cents = 50_000;

/// What the feed finally says of a market.
#[derive(Debug, Default)]
struct Facts {
    result_ts: i64,
    results: Option<Vec<(u8, u8)>>,
    known_since: Option<i64>,
    windows: Vec<Option<(i64, i64)>>,
}

/// Compares what is with what must be.
pub(crate) fn compare(books: &Books, record: &Record, people: &People) -> Vec<String> {
    let mut broken = Vec::new();
    let mut cash: BTreeMap<String, Cents> = BTreeMap::new();
    let mut bonus: BTreeMap<String, Cents> = BTreeMap::new();
    for user in people.ids() {
        bonus.insert(user.clone(), WELCOME);
    }
    broken.extend(deposits(books, record, people, &mut cash, &mut bonus));
    commands(record, people, &mut cash);
    broken.extend(bets(books, record, people, &mut cash, &mut bonus));
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
            if is != expected {
                broken.push(format!("{user} has {is} of {asset} (available {available}, held {held}, owed {owed}, expired {expired}), the model {expected}"));
            }
        }
    }
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
    let bonuses = awards
        .map(|(_, event)| event)
        .filter(|event| event["event"] == "BonusAwarded" && event["data"]["kind"] == "deposit");
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

fn facts(record: &Record) -> (BTreeMap<Market, Facts>, BTreeMap<usize, Vec<i64>>) {
    let (mut markets, mut stops): (BTreeMap<Market, Facts>, BTreeMap<usize, Vec<i64>>) = Default::default();
    for message in &record.feed {
        match &message.action {
            Action::Result { market, results, certainty } => {
                let facts = markets.entry(*market).or_default();
                // Whoever bets after the scout's word bets on what is known, although it does not pay.
                facts.known_since = Some(facts.known_since.map_or(message.ts, |known| known.min(message.ts)));
                if *certainty == 2 && (facts.results.is_none() || message.ts > facts.result_ts) {
                    (facts.result_ts, facts.results) = (message.ts, Some(results.clone()));
                }
            }
            Action::CancelMarket { market, window } => {
                let around = |(before, after): (u32, u32)| {
                    (message.ts - 1000 * i64::from(before), message.ts + 1000 * i64::from(after))
                };
                markets.entry(*market).or_default().windows.push(window.map(around));
            }
            Action::Stop { event } => stops.entry(*event).or_default().push(message.ts),
            _ => {}
        }
    }
    (markets, stops)
}

/// What becomes of a leg: its factor as a fraction of a thousand, and whether the feed cancelled it.
fn leg(
    facts: Option<&Facts>,
    stops: &[i64],
    outcome: usize,
    placed_at: i64,
    version: i64,
    odds: Cents,
) -> Option<(Cents, bool)> {
    let facts = facts?;
    let within = |window: &Option<(i64, i64)>| window.is_none_or(|(from, to)| (from..to).contains(&placed_at));
    if facts.windows.iter().any(within) {
        return Some((1000, true));
    }
    // On odds from after the result: the feed opened the market again, and decides it anew.
    let results = facts.results.as_ref().filter(|_| version <= facts.result_ts)?;
    let (won, void) = results.get(outcome).copied()?;
    let closings = stops.iter().chain(facts.known_since.as_ref());
    if closings.into_iter().any(|ts| *ts <= placed_at && version <= *ts) {
        return Some((1000, false));
    }
    let void = Cents::from(void);
    Some((void * 100 + (10 - void) * Cents::from(won) * odds, false))
}

/// Each accepted bet took its stake once and paid what the feed's last word makes of it.
fn bets(
    books: &Books,
    record: &Record,
    people: &People,
    cash: &mut BTreeMap<String, Cents>,
    bonus: &mut BTreeMap<String, Cents>,
) -> Vec<String> {
    let (markets, stops) = facts(record);
    let mut broken = Vec::new();
    let cancelled: Vec<_> = record
        .done
        .iter()
        .filter(|done| matches!(done.step.action, Action::CancelBet { .. }))
        .filter_map(|done| done.accepted()?["bet_id"].as_str())
        .collect();
    for done in &record.done {
        let Action::Bet { user, legs, cents, is_bonus } = &done.step.action else { continue };
        let Some(body) = done.accepted() else { continue };
        let bet = body["bet_id"].as_str().unwrap_or_default();
        let stake = Cents::from(*cents);
        let Some(state) = books.state(&format!("bet#{bet}")) else {
            broken.push(format!("{bet} was accepted and is not there"));
            continue;
        };
        let placed_at = moment(&state["placed_at"]);
        let factors: Vec<_> = legs
            .iter()
            .zip(state["selections"].as_array().into_iter().flatten())
            .map(|((market, outcome), selection)| {
                let stops = stops.get(&market.0).map(Vec::as_slice).unwrap_or_default();
                let version = selection["market_version"].as_i64().unwrap_or(0);
                leg(markets.get(market), stops, *outcome, placed_at, version, of(&selection["odds"]))
            })
            .collect();
        let is_lost = factors.iter().flatten().any(|(factor, _)| *factor == 0);
        let is_open = factors.iter().any(Option::is_none);
        let returned = if cancelled.contains(&bet) {
            stake
        } else if is_lost || is_open {
            0
        } else {
            let product = |all: Cents, (factor, _): &(Cents, bool)| all * factor;
            let numerator = factors.iter().flatten().fold(1, product);
            times(stake, numerator, factors.iter().fold(1, |all, _| all * 1000))
        };
        let status = state["status"].as_str().unwrap_or_default();
        let (known, is_settled) = (!is_open || is_lost, status != "placed");
        if known && !is_settled {
            broken.push(format!("{bet} is {status} although all its markets are known"));
        }
        let paid: Cents = books
            .lines(people.id(*user))
            .iter()
            .filter(|line| line.cause == format!("bet#{bet}"))
            .map(|line| line.delta)
            .sum();
        let of_bet = if *is_bonus { &mut *bonus } else { &mut *cash };
        *of_bet.entry(people.id(*user).to_owned()).or_default() += returned - stake;
        let settled = of(&state["payout"]);
        let has = if status == "cancelled" {
            stake
        } else if state["payout"].is_null() {
            0
        } else {
            settled
        };
        if has != returned {
            broken.push(format!("{bet} of stake {stake} is {status} and pays {has} (lines {paid}), the model {returned}: {factors:?} {state}"));
        }
    }
    broken
}

/// Milliseconds of an RFC 3339 text.
fn moment(value: &Value) -> i64 {
    value
        .as_str()
        .and_then(|text| text.parse::<quoin_events::Timestamp>().ok())
        .map_or(0, quoin_events::Timestamp::millis)
}
