//! A write as it went to the tables: the journal items in it, and the wallets.

use std::collections::BTreeMap;

use serde_json::Value;

use super::wallet::Coin;
use crate::findings::{Broken, holds};
use crate::money::{Cents, of};
use crate::packed::unpacked;

const JOURNAL: &str = "JournalTable";
const WALLETS: &str = "WalletsTable";

/// All that one request wrote of the journal and the wallets.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) entries: Vec<Entry>,
    /// Owners of the wallets that it wrote.
    pub(super) wallets: Vec<String>,
}

/// A journal item.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) pk: String,
    pub(super) version: u64,
    pub(super) first_sequence: u64,
    pub(super) count: u64,
    pub(super) at: String,
    pub(super) events: Vec<Event>,
    pub(super) lines: Vec<Line>,
    pub(super) item: Value,
}

/// An event of an item.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) text: String,
    pub(super) value: Value,
}

/// A line of a wallet's item.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) transaction: String,
    pub(super) asset: String,
    pub(super) purpose: String,
    pub(super) account: String,
    pub(super) delta: Cents,
    pub(super) before: Cents,
    pub(super) after: Cents,
    pub(super) owed: Cents,
    pub(super) lots: Cents,
    /// The same one by one.
    pub(super) coins: Vec<Coin>,
}

impl Commit {
    /// Reads a request; it is a finding if it writes what may not be written, or not so.
    pub(super) fn read(action: &str, request: &Value) -> Result<Self, Broken> {
        let mut commit = Self { entries: Vec::new(), wallets: Vec::new() };
        match action {
            "TransactWriteItems" => {
                for part in request["TransactItems"].as_array().into_iter().flatten() {
                    for (kind, one) in part.as_object().into_iter().flatten() {
                        commit.add(kind, one)?;
                    }
                }
            }
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                let alone = request["TableName"] == WALLETS;
                holds!(!alone, Together, "a wallet was written by itself: {request}");
                commit.add(action.trim_end_matches("Item"), request)?;
            }
            "BatchWriteItem" => {
                let tables = &request["RequestItems"];
                let touches = tables.get(JOURNAL).is_some() || tables.get(WALLETS).is_some();
                holds!(!touches, Together, "a batch wrote the journal or wallets: {request}");
            }
            _ => {}
        }
        Ok(commit)
    }

    fn add(&mut self, kind: &str, one: &Value) -> Result<(), Broken> {
        match (one["TableName"].as_str(), kind) {
            (Some(JOURNAL), "Put") => self.entries.push(Entry::read(&one["Item"])),
            (Some(JOURNAL), "Update" | "Delete") => {
                holds!(false, Sequence, "the journal was changed: {one}");
            }
            (Some(WALLETS), "Put" | "Update") => {
                let key = one.get("Item").or_else(|| one.get("Key")).unwrap_or(&Value::Null);
                self.wallets.push(text(key, "pk").to_owned());
            }
            (Some(WALLETS), "Delete") => holds!(false, Together, "a wallet was deleted: {one}"),
            _ => {}
        }
        Ok(())
    }

    /// Money that goes from wallet to wallet is on its way only within a commit.
    pub(super) fn transfers_balance(&self) -> Result<(), Broken> {
        let mut moving: BTreeMap<&str, Cents> = BTreeMap::new();
        for line in self.entries.iter().flat_map(|entry| &entry.lines).filter(|line| line.account == "transfers") {
            *moving.entry(&line.asset).or_default() += line.delta;
        }
        holds!(moving.values().all(|sum| *sum == 0), House, "transfers leave {moving:?}: {:?}", self.entries);
        Ok(())
    }

    /// The events about the wallet of `user` in the order in which they are hashed.
    pub(super) fn events_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Event> {
        let own = move |entry: &&Entry| entry.wallet() == Some(user);
        let others = self.entries.iter().filter(|entry| entry.wallet().is_none()).flat_map(|entry| &entry.events);
        let others = others.filter(move |event| event.value["metadata"]["wallet"]["id"] == user);
        others.chain(self.entries.iter().filter(own).flat_map(|entry| &entry.events))
    }
}

impl Entry {
    pub(super) fn read(item: &Value) -> Self {
        let item = &unpacked(item.clone());
        let texts = item["ev"]["L"].as_array().into_iter().flatten().filter_map(|one| one["S"].as_str());
        let events = texts.map(|text| Event { text: text.to_owned(), value: parsed(text) }).collect();
        let lines = item.get("lines").map(|_| json(item, "lines")).unwrap_or_default();
        Self {
            pk: text(item, "pk").to_owned(),
            version: number(item, "sk"),
            first_sequence: number(item, "s0"),
            count: number(item, "n"),
            at: text(item, "at").to_owned(),
            events,
            lines: lines.as_array().into_iter().flatten().map(Line::read).collect(),
            item: item.clone(),
        }
    }

    /// The owner, if it is of a wallet's stream.
    pub(super) fn wallet(&self) -> Option<&str> {
        self.pk.strip_prefix("wallet#")
    }
}

impl Event {
    pub(super) fn id(&self) -> &str {
        self.value["metadata"]["event_id"].as_str().unwrap_or_default()
    }
}

impl Line {
    fn read(line: &Value) -> Self {
        let name = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let optional = |value: &Value| if value.is_null() { 0 } else { of(value) };
        Self {
            transaction: name("transaction_id"),
            asset: name("asset"),
            purpose: name("purpose"),
            account: name("account"),
            delta: of(&line["delta"]),
            before: of(&line["before"]),
            after: of(&line["after"]),
            owed: optional(&line["owed"]),
            lots: line["lots"].as_array().into_iter().flatten().map(|lot| of(&lot["amount"])).sum(),
            coins: Coin::read_all(&line["lots"]),
        }
    }

    /// What of it has expired at the time `at`, as text.
    pub(super) fn over(&self, at: &str) -> Cents {
        self.coins.iter().filter(|coin| !coin.is_left(at)).map(|coin| coin.amount).sum()
    }
}

/// A text attribute.
pub(crate) fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap_or_default()
}

/// A count.
pub(crate) fn number(item: &Value, name: &str) -> u64 {
    item[name]["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// An attribute that is JSON.
pub(crate) fn json(item: &Value, name: &str) -> Value {
    parsed(text(item, name))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}
