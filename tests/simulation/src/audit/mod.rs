//! The auditor: looks at every commit as it is made, with the head of each stream and each wallet at hand. It reads
//! what was sent to the tables, never the platform's own code.

mod boosts;
pub(crate) mod chain;
mod commit;
mod debts;
mod deposits;
mod expiry;
mod house;
mod limits;
mod orders;
mod told;
mod wallet;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::findings::{Broken, Check, Side, holds};
use crate::scheduler::Micros;

pub(crate) use commit::{json, number, text};
pub(crate) use house::PURPOSES;
pub(crate) use orders::plan;
pub(crate) use wallet::Seen;

use commit::{Commit, Entry};
use house::House;

/// What takes several commits: the event that it begins with, and those that it ends with.
const SAGAS: [(&str, [&str; 2]); 4] = [
    ("DepositInitiated", ["DepositSuccess", "DepositFailed"]),
    ("order.paid", ["order.created", "order.failed"]),
    ("customer.created", ["customer.registered", "customer.deleted"]),
    ("subscription.charge_started", ["payment.processed", "subscription.charge_failed"]),
];

/// Where a stream ends.
#[derive(Debug, Clone, Default)]
struct Head {
    version: u64,
    next_sequence: u64,
    at: String,
}

/// What is known of the journal and the wallets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Auditor {
    streams: BTreeMap<String, Head>,
    wallets: BTreeMap<String, Vec<Seen>>,
    house: House,
    boosts: boosts::Boosts,
    deposits: deposits::Deposits,
    orders: orders::Orders,
    /// Texts of committed events by id.
    events: BTreeMap<String, String>,
    /// What has happened that happens once: the event and what it is about.
    happened: BTreeSet<(String, String)>,
    /// Of what happened, the sagas that have not ended: the event that they began with, and what they are about.
    open: BTreeSet<(String, String)>,
    /// How many sagas began, and when the latest did.
    begun: (u64, Micros),
    /// Ids of lines.
    transactions: BTreeSet<String>,
    /// Tokens of transactions that were carried out: repeated, they change nothing.
    tokens: BTreeSet<String>,
}

impl Auditor {
    /// Looks at a write that was carried out. `wallet` reads a wallet as it is now.
    pub(crate) fn wrote(
        &mut self,
        now: Micros,
        action: &str,
        request: &Value,
        wallet: impl Fn(&str) -> Option<Value>,
    ) -> Result<(), Broken> {
        if let Some(token) = request["ClientRequestToken"].as_str()
            && !self.tokens.insert(token.to_owned())
        {
            return Ok(());
        }
        let commit = Commit::read(action, request)?;
        for entry in &commit.entries {
            self.follows(entry)?;
        }
        self.deposits.note(&commit);
        for user in &commit.wallets {
            let item = wallet(user);
            let item = item.as_ref().unwrap_or(&Value::Null);
            let before = self.wallets.get(user).and_then(|versions| versions.last());
            let entry = commit.entries.iter().find(|entry| entry.wallet() == Some(user.as_str()));
            let seen = match (before, entry) {
                (None, None) => Seen::first(now, user, item)?,
                (Some(before), Some(entry)) => {
                    let change = wallet::Change { user, before, entry, commit: &commit, item };
                    let seen = change.check(&self.deposits, now)?;
                    let place = format!("wallet#{user}/{}", entry.version);
                    self.orders.check(&place, &commit, entry, (before, &seen))?;
                    self.house.book(user, entry)?;
                    seen
                }
                (None, Some(_)) | (Some(_), None) => {
                    let what = format!("the wallet of {user} was written without its journal item: {item}");
                    let side = Side::new("written", "a wallet and its journal item", "one of them");
                    return Err(Broken::new(Check::Together, what).beside([side]));
                }
            };
            for line in entry.map(|entry| entry.lines.as_slice()).unwrap_or_default() {
                let id = line.transaction.clone();
                holds!(
                    self.transactions.insert(id),
                    Once,
                    ["lines with this id", 1, 2],
                    "two lines are {}",
                    line.transaction
                );
            }
            self.wallets.entry(user.clone()).or_default().push(seen);
        }
        for user in commit.entries.iter().filter_map(Entry::wallet) {
            holds!(
                commit.wallets.iter().any(|one| one == user),
                Together,
                ["written", "a journal item and its wallet", "the journal item"],
                "wallet#{user} was written without its wallet"
            );
        }
        if !commit.wallets.is_empty() {
            commit.transfers_balance()?;
            self.house.balances(self.wallets.values().filter_map(|versions| versions.last()))?;
        }
        self.boosts.check(now, &commit)?;
        for event in commit.entries.iter().flat_map(|entry| &entry.events) {
            if let Some(what) = house::happens_once(&event.value) {
                self.goes_on(now, &what);
                let of = format!("{} of {}", what.0, what.1);
                holds!(
                    self.happened.insert(what.clone()),
                    Once,
                    [of, "once", "twice"],
                    "{what:?} a second time: {}",
                    event.text
                );
            }
        }
        Ok(())
    }

    /// Whether the request is a transaction that was carried out before.
    pub(crate) fn is_repeated(&self, request: &Value) -> bool {
        request["ClientRequestToken"].as_str().is_some_and(|token| self.tokens.contains(token))
    }

    /// An entry comes after the head of its stream, and so do its events.
    fn follows(&mut self, entry: &Entry) -> Result<(), Broken> {
        let pk = &entry.pk;
        let head = self.streams.get(pk).cloned().unwrap_or(Head { version: 0, next_sequence: 1, at: String::new() });
        let (is, next) = ((entry.version, entry.first_sequence), (head.version + 1, head.next_sequence));
        holds!(
            is == next,
            Sequence,
            [pk, format!("{next:?}"), format!("{is:?}")],
            "{pk}: version and sequence are {is:?} where {next:?} come next: {}",
            entry.item
        );
        let since = format!("not before {}", head.at);
        holds!(
            entry.at >= head.at,
            Clock,
            [pk, since, &entry.at],
            "{pk}/{}: time went back from {} to {}",
            entry.version,
            head.at,
            entry.at
        );
        let count = u64::try_from(entry.events.len()).unwrap_or(0);
        holds!(
            count == entry.count,
            Sequence,
            [pk, entry.count, count],
            "{pk}/{}: {count} events, it counts {}",
            entry.version,
            entry.count
        );
        for (sequence, event) in (entry.first_sequence..).zip(&entry.events) {
            let metadata = &event.value["metadata"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let entity = format!("{}#{}", text(&metadata["entity"]["type"]), text(&metadata["entity"]["id"]));
            holds!(
                entity == *pk && metadata["sequence"].as_u64() == Some(sequence),
                Sequence,
                ["event", format!("{sequence} of {pk}"), format!("{} of {entity}", metadata["sequence"])],
                "{pk}/{}: event {sequence} says that it is {} of {entity}",
                entry.version,
                metadata["sequence"]
            );
            let old = self.events.insert(event.id().to_owned(), event.text.clone());
            holds!(
                old.is_none() && !event.id().is_empty(),
                Sequence,
                ["event", "one with this id", old.unwrap_or_default()],
                "two events are {}",
                event.id()
            );
        }
        let head = Head { version: entry.version, next_sequence: entry.first_sequence + count, at: entry.at.clone() };
        self.streams.insert(pk.clone(), head);
        Ok(())
    }

    /// An event that comes to the bus is committed, letter for letter.
    pub(crate) fn published(&self, id: &str, text: &str) -> Result<(), Broken> {
        let committed = self.events.get(id).map(String::as_str);
        let sides = ["event", committed.unwrap_or("nothing in the journal"), text];
        holds!(
            committed == Some(text),
            Published,
            [sides[0], sides[1], sides[2]],
            "{id} was published and is not in the journal so: {text}"
        );
        Ok(())
    }

    /// Sagas begin and end with events that happen once, whichever of them comes first.
    fn goes_on(&mut self, now: Micros, what: &(String, String)) {
        let (name, about) = what;
        for (begins, ends) in SAGAS {
            if name == begins {
                self.begun = (self.begun.0 + 1, now);
                if !ends.iter().any(|end| self.happened.contains(&((*end).to_owned(), about.clone()))) {
                    self.open.insert(what.clone());
                }
            } else if ends.contains(&name.as_str()) {
                self.open.remove(&(begins.to_owned(), about.clone()));
            }
        }
    }

    /// Whether something began that takes several commits and has not ended.
    pub(crate) fn has_open_sagas(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether anything was written to a stream whose name begins with `kind`.
    pub(crate) fn has_streams_of(&self, kind: &str) -> bool {
        self.streams.range(kind.to_owned()..).next().is_some_and(|(stream, _)| stream.starts_with(kind))
    }

    /// When the latest saga began.
    pub(crate) fn begun_at(&self) -> Micros {
        self.begun.1
    }

    /// How many sagas began.
    pub(crate) fn sagas(&self) -> u64 {
        self.begun.0
    }

    /// Every state that the wallet of `user` was in from `from` to `to`, the one at `from` included.
    pub(crate) fn wallet_between(&self, user: &str, from: Micros, to: Micros) -> &[Seen] {
        let versions = self.wallets.get(user).map(Vec::as_slice).unwrap_or_default();
        let start = versions.iter().rposition(|seen| seen.since <= from).unwrap_or(0);
        let end = versions.iter().rposition(|seen| seen.since <= to).map_or(0, |last| last + 1);
        versions.get(start..end).unwrap_or_default()
    }
}
