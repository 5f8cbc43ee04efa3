//! What a history came to: paths that only some histories take, counted so that a test can say that they are taken.

use std::collections::BTreeMap;

use crate::books::{Books, Entry};
use crate::cloud::Cloud;
use crate::platform::is_poison;
use crate::scheduler::lock;

/// How often each path was taken.
pub(crate) fn counts(cloud: &Cloud, books: &Books) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let mut add = |what: &str, count: usize| {
        counts.insert(format!("reached: {what}"), u64::try_from(count).unwrap_or(0));
    };
    let poison = |queues: &BTreeMap<String, Vec<_>>| queues.values().flatten().filter(|one| is_poison(one)).count();
    add("poison, parked with its reason", poison(&lock(&cloud.queues).messages));
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
    let lines = |purpose: &str| books.all_lines().filter(|line| line.purpose == purpose).count();
    add("a correction, collected", lines("debit_bet_correction"));
    add("a debt, repaid", lines("debit_owed_repayment"));
    let told = |name: &str| books.events().filter(|(_, _, event)| event["event"] == name).count();
    add("a refused stake, told", told("wallet.debit_failed"));
    add("a reached limit, told", told("wallet.limit_reached"));
    counts.retain(|_, count| *count > 0);
    counts
}

fn names(entries: &[Entry]) -> impl Iterator<Item = &str> {
    entries.iter().flat_map(|entry| &entry.events).filter_map(|event| event["event"].as_str())
}

fn has(entries: &[Entry], name: &str, member: &str, value: &str) -> bool {
    let mut events = entries.iter().flat_map(|entry| &entry.events);
    events.any(|event| event["event"] == name && event["data"][member] == value)
}
