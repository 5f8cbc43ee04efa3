//! What a history came to: paths that only some histories take, counted so that a test can say that they are taken.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::actors::{Done, Record};
use crate::books::{Books, Entry};
use crate::cloud::Cloud;
use crate::invariants::TOO_OLD;
use crate::members;
use crate::model::boosts;
use crate::newcomers;
use crate::platform::is_poison;
use crate::scenario::Action;
use crate::scheduler::lock;

/// How often each path was taken.
pub(crate) fn counts(cloud: &Cloud, books: &Books, record: &Record) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let mut add = |what: &str, count: usize| {
        counts.insert(format!("reached: {what}"), u64::try_from(count).unwrap_or(0));
    };
    let letters = |is_old: bool| {
        let queues = lock(&cloud.queues);
        let poison = queues.all().filter(|(_, one)| is_poison(one));
        let reasons = poison.filter_map(|(_, one)| one.attributes["reason"]["StringValue"].as_str());
        reasons.filter(|reason| reason.starts_with(TOO_OLD) == is_old).count()
    };
    add("poison, parked with its reason", letters(false));
    add("an event that is too old to be counted, parked with its reason", letters(true));
    let bets = || books.of_kind("bet").map(|(_, entries)| entries);
    add(
        "a bet that the feed cancelled",
        bets().filter(|entries| has(entries, "BetCancelled", "reason", "feed")).count(),
    );
    add(
        "a bet that its owner cancelled",
        bets().filter(|entries| has(entries, "BetCancelled", "reason", "customer")).count(),
    );
    let settled = |entries: &&[Entry]| names(entries).filter(|name| *name == "BetSettled").count();
    add("a settlement that was corrected", bets().filter(|entries| settled(entries) > 1).count());
    let voided = |entries: &&[Entry]| settled(entries) > 1 && has(entries, "BetSettled", "result", "void");
    add("a settled bet that became void", bets().filter(voided).count());
    let late = |entries: &&[Entry]| {
        let mut names = names(entries);
        names.any(|name| name == "DepositFailed") && names.any(|name| name == "DepositSuccess")
    };
    let payments = books.of_kind("payment").map(|(_, entries)| entries);
    add("a late yes, paid", payments.filter(late).count());
    let orders = || books.of_kind("order").map(|(_, entries)| entries);
    let of_orders = |name: &str| orders().filter(|entries| names(entries).any(|one| one == name)).count();
    add("an order that its merchant has", of_orders("order.created"));
    add("an order, refunded", of_orders("wallet.refunded"));
    let failed =
        |reason: &str| orders().filter(|entries| has(entries, "order.failed", "failure_reason", reason)).count();
    add("an order that its merchant refused", failed("MERCHANT_REJECTED"));
    add("an order whose merchant was not reached", failed("MERCHANT_UNREACHABLE"));
    let mixed = |entries: &&[Entry]| names(entries).filter(|name| *name == "wallet.debited").count() > 1;
    add("an order that several assets paid", orders().filter(mixed).count());
    let free = |entries: &&[Entry]| {
        names(entries).any(|one| one == "order.paid") && !names(entries).any(|one| one == "wallet.debited")
    };
    add("an order that cost nothing", orders().filter(free).count());
    let asked_often = |entries: &&[Entry]| {
        let state = entries.iter().rev().find_map(|entry| entry.state.as_ref());
        state.is_some_and(|state| state["fulfilment"]["attempts"].as_u64().is_some_and(|count| count > 1))
    };
    add("an order that its merchant was asked again to take", orders().filter(asked_often).count());
    let cashback = books.of_kind("award").filter(|(id, _)| id.starts_with("cashback:")).count();
    add("cashback, granted", cashback);
    let lines = |purpose: &str| books.all_lines().filter(|line| line.purpose == purpose).count();
    add("money that expired", lines("debit_expired"));
    add("a correction, collected", lines("debit_bet_correction"));
    add("a debt, repaid", lines("debit_owed_repayment"));
    let told = |name: &str| books.events().filter(|(_, _, event)| event["event"] == name).count();
    add("a refused stake, told", told("wallet.debit_failed"));
    add("a reached limit, told", told("wallet.limit_reached"));
    let is_refused = |done: &&Done| done.answer().is_some_and(|answer| answer.status == 401);
    let forged = record.done.iter().filter(|done| matches!(done.step.action, Action::Forged { .. }));
    add("a forged callback, refused", forged.filter(is_refused).count());
    for (what, count) in newcomers::counts(record) {
        add(what, count);
    }
    for (what, count) in members::counts(books, record) {
        add(what, count);
    }
    for (what, count) in boosts::counts(books, record) {
        add(what, count);
    }
    counts.retain(|_, count| *count > 0);
    // What the provider does with a deposit, and what comes of it.
    for done in &record.done {
        if let (Action::Deposit { method, .. }, Some(body)) = (&done.step.action, done.accepted()) {
            let payment = body["payment_id"].as_str().unwrap_or_default();
            let status = books.state(&format!("payment#{payment}")).map_or("nothing", |one| status(one));
            *counts.entry(format!("reached: {method}, {status}")).or_default() += 1;
        }
    }
    counts
}

fn status(state: &Value) -> &str {
    state["status"].as_str().unwrap_or_default()
}

fn names(entries: &[Entry]) -> impl Iterator<Item = &str> {
    entries.iter().flat_map(|entry| &entry.events).filter_map(|event| event["event"].as_str())
}

fn has(entries: &[Entry], name: &str, member: &str, value: &str) -> bool {
    let mut events = entries.iter().flat_map(|entry| &entry.events);
    events.any(|event| event["event"] == name && event["data"][member] == value)
}
