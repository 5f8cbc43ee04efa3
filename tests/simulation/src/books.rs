//! The journal, the wallets and the provider's verdicts, read as plain data when a history is over.

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use serde_json::Value;

use crate::audit::{json, number, text};
use crate::cloud::Cloud;
use crate::money::{Cents, of};

/// An item of the journal as plain data.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) version: u64,
    pub(crate) at: String,
    /// The function that wrote it.
    pub(crate) source: String,
    pub(crate) events: Vec<Value>,
    pub(crate) state: Option<Value>,
    item: Value,
}

/// A wallet's line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) asset: String,
    pub(crate) delta: Cents,
    pub(crate) owed: Cents,
    pub(crate) purpose: String,
    /// `bet#…`.
    pub(crate) cause: String,
}

/// The journal and the wallets, read as plain data.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) streams: BTreeMap<String, Vec<Entry>>,
    pub(crate) wallets: BTreeMap<String, Value>,
    /// What the payment provider decided, by payment.
    pub(crate) verdicts: BTreeMap<String, String>,
    /// From when on the provider may have forgotten a payment.
    forgotten: BTreeMap<String, Timestamp>,
    /// Loyalty points by user.
    pub(crate) points: BTreeMap<String, Cents>,
    /// Counters of all days.
    pub(crate) counters: BTreeMap<String, u64>,
    lines: BTreeMap<String, Vec<Line>>,
}

impl Books {
    pub(crate) fn read(cloud: &Cloud) -> Self {
        let mut books = Self::default();
        for item in cloud.scan("JournalTable") {
            let events = item["ev"]["L"].as_array().into_iter().flatten().filter_map(|one| one["S"].as_str());
            let entry = Entry {
                version: number(&item, "sk"),
                at: text(&item, "at").to_owned(),
                source: text(&item, "src").to_owned(),
                events: events.map(|text| serde_json::from_str(text).unwrap_or(Value::Null)).collect(),
                state: item.get("st").map(|_| json(&item, "st")),
                item: item.clone(),
            };
            books.streams.entry(text(&item, "pk").to_owned()).or_default().push(entry);
        }
        for (pk, entries) in &mut books.streams {
            entries.sort_by_key(|entry| entry.version);
            if let Some(user) = pk.strip_prefix("wallet#") {
                books.lines.insert(user.to_owned(), entries.iter().flat_map(lines_of).collect());
            }
        }
        // The provider forgets within days.
        for item in cloud.ever("SandboxTable") {
            if let Some(payment) = text(&item, "pk").strip_prefix("payment#") {
                let verdict = json(&item, "requested")["plan"]["verdict"].as_str().unwrap_or("none").to_owned();
                books.verdicts.insert(payment.to_owned(), verdict);
                let millis = i64::try_from(number(&item, "expires")).unwrap_or(i64::MAX).saturating_mul(1_000);
                books.forgotten.insert(payment.to_owned(), Timestamp::from_millis(millis));
            }
        }
        for item in cloud.scan("MarketingTable").iter().filter(|item| text(item, "sk") == "loyalty") {
            let user = text(item, "pk").trim_start_matches("user#").to_owned();
            let points = item["points"]["N"].as_str().map_or(Ok(0), str::parse);
            books.points.insert(user, points.unwrap_or_else(|_| panic!("{item} has no points")));
        }
        for item in cloud.scan("ReportingTable").iter().filter(|item| text(item, "pk").starts_with("counters#")) {
            for name in item.as_object().into_iter().flatten().map(|(name, _)| name) {
                *books.counters.entry(name.clone()).or_default() += number(item, name);
            }
        }
        books.wallets =
            cloud.scan("WalletsTable").into_iter().map(|item| (text(&item, "pk").to_owned(), item)).collect();
        books
    }

    /// Whether a payment was given up only once the provider may have forgotten it: nobody can know better then.
    pub(crate) fn was_asked_for_too_late(&self, payment: &str) -> bool {
        let given_up = self.streams.get(&format!("payment#{payment}")).and_then(|entries| entries.last());
        let at = given_up.and_then(|entry| entry.at.parse::<Timestamp>().ok());
        at.is_some_and(|at| self.forgotten.get(payment).is_some_and(|forgotten| at >= *forgotten))
    }

    /// The newest state of a stream.
    pub(crate) fn state(&self, stream: &str) -> Option<&Value> {
        self.streams.get(stream)?.iter().rev().find_map(|entry| entry.state.as_ref())
    }

    /// Streams of `kind` with their ids.
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a [Entry])> {
        let prefix = format!("{kind}#");
        self.streams.iter().filter_map(move |(pk, entries)| Some((pk.strip_prefix(&prefix)?, entries.as_slice())))
    }

    /// Every line of the wallet of `user`.
    pub(crate) fn lines(&self, user: &str) -> &[Line] {
        self.lines.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every line of every wallet.
    pub(crate) fn all_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values().flatten()
    }

    /// What `user` has of `asset`: available, held, owed.
    pub(crate) fn balance(&self, user: &str, asset: &str) -> (Cents, Cents, Cents) {
        let Some(wallet) = self.wallets.get(user) else { return (0, 0, 0) };
        let (assets, owed) = (json(wallet, "assets"), json(wallet, "owed"));
        let optional = |value: &Value| if value.is_null() { 0 } else { of(value) };
        (optional(&assets[asset]["available"]), optional(&assets[asset]["held"]), optional(&owed[asset]))
    }

    /// Every event with its stream and its item.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&str, &Entry, &Value)> {
        self.streams.iter().flat_map(|(pk, entries)| {
            entries.iter().flat_map(move |entry| entry.events.iter().map(move |event| (pk.as_str(), entry, event)))
        })
    }
}

fn lines_of(entry: &Entry) -> Vec<Line> {
    let (cause, lines) = (json(&entry.item, "cause"), json(&entry.item, "lines"));
    let name = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let cause = format!("{}#{}", name(&cause, "type"), name(&cause, "id"));
    let lines = lines.as_array().into_iter().flatten().map(|line| Line {
        asset: name(line, "asset"),
        delta: of(&line["delta"]),
        owed: if line["owed"].is_null() { 0 } else { of(&line["owed"]) },
        purpose: name(line, "purpose"),
        cause: cause.clone(),
    });
    lines.collect()
}
