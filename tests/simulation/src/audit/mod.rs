//! The auditor: looks at every commit as it is made, with the head of each stream and each wallet at hand. It reads
//! what was sent to the tables, never the platform's own code.

pub(crate) mod chain;
mod commit;
mod house;
mod limits;
mod told;
mod wallet;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::findings::{Broken, Check, holds};
use crate::scheduler::Micros;

pub(crate) use commit::{json, number, text};
pub(crate) use wallet::Seen;

use commit::{Commit, Entry};
use house::House;

/// Where a stream ends.
#[derive(Debug, Clone, Default)]
struct Head {
    version: u64,
    next_sequence: u64,
    at: String,
}

/// What is known of the journal and the wallets.
#[derive(Debug, Default)]
pub(crate) struct Auditor {
    streams: BTreeMap<String, Head>,
    wallets: BTreeMap<String, Vec<Seen>>,
    house: House,
    /// Texts of committed events by id.
    events: BTreeMap<String, String>,
    /// What has happened that happens once: the event and what it is about.
    happened: BTreeSet<(String, String)>,
    /// When the latest deposit was asked for.
    deposit_at: Micros,
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
        for user in &commit.wallets {
            let item = wallet(user);
            let item = item.as_ref().unwrap_or(&Value::Null);
            let before = self.wallets.get(user).and_then(|versions| versions.last());
            let entry = commit.entries.iter().find(|entry| entry.wallet() == Some(user.as_str()));
            let seen = match (before, entry) {
                (None, None) => Seen::first(now, user, item)?,
                (Some(before), Some(entry)) => {
                    let change = wallet::Change { user, before, entry, commit: &commit, item };
                    let seen = change.check(now)?;
                    self.house.book(user, entry)?;
                    seen
                }
                (None, Some(_)) | (Some(_), None) => {
                    let what = format!("the wallet of {user} was written without its journal item: {item}");
                    return Err(Broken::new(Check::Together, what));
                }
            };
            for line in entry.map(|entry| entry.lines.as_slice()).unwrap_or_default() {
                let id = line.transaction.clone();
                holds!(self.transactions.insert(id), Once, "two lines are {}", line.transaction);
            }
            self.wallets.entry(user.clone()).or_default().push(seen);
        }
        for user in commit.entries.iter().filter_map(Entry::wallet) {
            holds!(
                commit.wallets.iter().any(|one| one == user),
                Together,
                "wallet#{user} was written without its wallet"
            );
        }
        if !commit.wallets.is_empty() {
            commit.transfers_balance()?;
            self.house.balances(self.wallets.values().filter_map(|versions| versions.last()))?;
        }
        for event in commit.entries.iter().flat_map(|entry| &entry.events) {
            if let Some(what) = house::happens_once(&event.value) {
                if what.0 == "DepositInitiated" {
                    self.deposit_at = now;
                }
                holds!(self.happened.insert(what.clone()), Once, "{what:?} a second time: {}", event.text);
            }
        }
        Ok(())
    }

    /// An entry comes after the head of its stream, and so do its events.
    fn follows(&mut self, entry: &Entry) -> Result<(), Broken> {
        let pk = &entry.pk;
        let head = self.streams.get(pk).cloned().unwrap_or(Head { version: 0, next_sequence: 1, at: String::new() });
        let (is, next) = ((entry.version, entry.first_sequence), (head.version + 1, head.next_sequence));
        holds!(is == next, Sequence, "{pk}: version and sequence are {is:?} where {next:?} come next: {}", entry.item);
        holds!(entry.at >= head.at, Clock, "{pk}/{}: time went back from {} to {}", entry.version, head.at, entry.at);
        let count = u64::try_from(entry.events.len()).unwrap_or(0);
        holds!(count == entry.count, Sequence, "{pk}/{}: {count} events, it counts {}", entry.version, entry.count);
        for (sequence, event) in (entry.first_sequence..).zip(&entry.events) {
            let metadata = &event.value["metadata"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let entity = format!("{}#{}", text(&metadata["entity"]["type"]), text(&metadata["entity"]["id"]));
            holds!(
                entity == *pk && metadata["sequence"].as_u64() == Some(sequence),
                Sequence,
                "{pk}/{}: event {sequence} says that it is {} of {entity}",
                entry.version,
                metadata["sequence"]
            );
            let old = self.events.insert(event.id().to_owned(), event.text.clone());
            holds!(old.is_none() && !event.id().is_empty(), Sequence, "two events are {}", event.id());
        }
        let head = Head { version: entry.version, next_sequence: entry.first_sequence + count, at: entry.at.clone() };
        self.streams.insert(pk.clone(), head);
        Ok(())
    }

    /// An event that comes to the bus is committed, letter for letter.
    pub(crate) fn published(&self, id: &str, text: &str) -> Result<(), Broken> {
        let committed = self.events.get(id).map(String::as_str);
        holds!(committed == Some(text), Published, "{id} was published and is not in the journal so: {text}");
        Ok(())
    }

    /// Whether a deposit was asked for and has not ended.
    pub(crate) fn has_open_deposits(&self) -> bool {
        let asked = self.happened.iter().filter(|(name, _)| name == "DepositInitiated");
        let ended = |name: &str, id: &String| self.happened.contains(&(name.to_owned(), id.clone()));
        asked.into_iter().any(|(_, id)| !ended("DepositSuccess", id) && !ended("DepositFailed", id))
    }

    /// When the latest deposit was asked for.
    pub(crate) fn deposit_at(&self) -> Micros {
        self.deposit_at
    }

    /// Every state that the wallet of `user` was in from `from` to `to`, the one at `from` included.
    pub(crate) fn wallet_between(&self, user: &str, from: Micros, to: Micros) -> &[Seen] {
        let versions = self.wallets.get(user).map(Vec::as_slice).unwrap_or_default();
        let start = versions.iter().rposition(|seen| seen.since <= from).unwrap_or(0);
        let end = versions.iter().rposition(|seen| seen.since <= to).map_or(0, |last| last + 1);
        versions.get(start..end).unwrap_or_default()
    }
}
