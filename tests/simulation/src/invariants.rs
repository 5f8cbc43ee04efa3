//! What must hold of the journal, the wallets, the bus and the queues, whatever was done and whatever went wrong.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::actors::{Done, Record};
use crate::cloud::Cloud;
use crate::money::{Cents, of};
use crate::platform::is_poison;
use crate::scheduler::lock;

/// An item of the journal as plain data.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) version: u64,
    pub(crate) first_sequence: u64,
    pub(crate) count: u64,
    pub(crate) at: String,
    pub(crate) events: Vec<(String, Value)>,
    pub(crate) state: Option<Value>,
    item: Value,
}

/// A wallet's line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) asset: String,
    pub(crate) delta: Cents,
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
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap_or_default()
}

fn number(item: &Value, name: &str) -> u64 {
    item[name]["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn json(item: &Value, name: &str) -> Value {
    serde_json::from_str(text(item, name)).unwrap_or(Value::Null)
}

impl Books {
    pub(crate) fn read(cloud: &Cloud) -> Self {
        let mut books = Self::default();
        for item in cloud.scan("JournalTable") {
            let events = item["ev"]["L"].as_array().into_iter().flatten().filter_map(|one| one["S"].as_str());
            let entry = Entry {
                version: number(&item, "sk"),
                first_sequence: number(&item, "s0"),
                count: number(&item, "n"),
                at: text(&item, "at").to_owned(),
                events: events
                    .map(|text| (text.to_owned(), serde_json::from_str(text).unwrap_or(Value::Null)))
                    .collect(),
                state: item.get("st").map(|_| json(&item, "st")),
                item: item.clone(),
            };
            books.streams.entry(text(&item, "pk").to_owned()).or_default().push(entry);
        }
        for entries in books.streams.values_mut() {
            entries.sort_by_key(|entry| entry.version);
        }
        for item in cloud.scan("SandboxTable") {
            if let Some(payment) = text(&item, "pk").strip_prefix("payment#") {
                let verdict = json(&item, "requested")["plan"]["verdict"].as_str().unwrap_or("none").to_owned();
                books.verdicts.insert(payment.to_owned(), verdict);
            }
        }
        books.wallets =
            cloud.scan("WalletsTable").into_iter().map(|item| (text(&item, "pk").to_owned(), item)).collect();
        books
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
    pub(crate) fn lines(&self, user: &str) -> Vec<Line> {
        let entries = self.streams.get(&format!("wallet#{user}")).map(Vec::as_slice).unwrap_or_default();
        entries.iter().flat_map(lines_of).collect()
    }

    /// What `user` has of `asset`: available, held, owed.
    pub(crate) fn balance(&self, user: &str, asset: &str) -> (Cents, Cents, Cents) {
        let Some(wallet) = self.wallets.get(user) else { return (0, 0, 0) };
        let assets = json(wallet, "assets");
        let part = |name: &str| if assets[asset][name].is_null() { 0 } else { of(&assets[asset][name]) };
        let owed = json(wallet, "owed");
        (part("available"), part("held"), if owed[asset].is_null() { 0 } else { of(&owed[asset]) })
    }

    fn events(&self) -> impl Iterator<Item = (&str, &Entry, usize, &String, &Value)> {
        self.streams.iter().flat_map(|(pk, entries)| {
            entries.iter().flat_map(move |entry| {
                entry
                    .events
                    .iter()
                    .enumerate()
                    .map(move |(place, (text, event))| (pk.as_str(), entry, place, text, event))
            })
        })
    }
}

fn lines_of(entry: &Entry) -> Vec<Line> {
    let cause = json(&entry.item, "cause");
    let cause = format!("{}#{}", cause["type"].as_str().unwrap_or_default(), cause["id"].as_str().unwrap_or_default());
    let lines = json(&entry.item, "lines");
    lines
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| Line {
            asset: line["asset"].as_str().unwrap_or_default().to_owned(),
            delta: of(&line["delta"]),
            purpose: line["purpose"].as_str().unwrap_or_default().to_owned(),
            cause: cause.clone(),
        })
        .collect()
}

/// What must hold at every moment, the storm notwithstanding.
pub(crate) fn at_any_time(cloud: &Cloud) -> Vec<String> {
    let books = Books::read(cloud);
    let mut broken = Vec::new();
    for (pk, entries) in &books.streams {
        broken.extend(stream(pk, entries));
        if let Some(user) = pk.strip_prefix("wallet#") {
            broken.extend(wallet(&books, user, entries));
        }
    }
    broken.extend(wallet_sequences(&books));
    // Nothing is on the bus that is not committed, letter for letter.
    let committed: BTreeMap<_, _> = books.events().map(|(_, _, _, text, event)| (id_of(event), text.clone())).collect();
    for sent in lock(&cloud.sent).iter() {
        if committed.get(&sent.event_id) != Some(&sent.detail) {
            broken.push(format!("{} {} was published and is not in the journal so", sent.event, sent.event_id));
        }
    }
    broken
}

/// What must hold when everything has come to rest.
pub(crate) fn at_the_end(cloud: &Cloud, books: &Books, record: &Record) -> Vec<String> {
    let mut broken = at_any_time(cloud);
    let sent: BTreeSet<_> = lock(&cloud.sent).iter().map(|sent| sent.event_id.clone()).collect();
    let mut seen = BTreeSet::new();
    for (pk, entry, _, _, event) in books.events() {
        let id = id_of(event);
        if !sent.contains(&id) {
            broken.push(format!("{} of {pk}/{} was never published", event["event"], entry.version));
        }
        if !seen.insert(id) {
            broken.push(format!("two events of {pk} have one id"));
        }
    }
    broken.extend(audited(cloud, books));
    broken.extend(queues(cloud, record));
    broken.extend(record.done.iter().filter_map(one_answer));
    broken.extend(told_once(cloud, books));
    broken
}

fn id_of(event: &Value) -> String {
    event["metadata"]["event_id"].as_str().unwrap_or_default().to_owned()
}

fn stream(pk: &str, entries: &[Entry]) -> Vec<String> {
    let mut broken = Vec::new();
    let (mut version, mut sequence, mut at) = (1, 1, "");
    for entry in entries {
        if (entry.version, entry.first_sequence) != (version, sequence) {
            let is = (entry.version, entry.first_sequence);
            broken.push(format!("{pk}: version and sequence are {is:?} where {:?} come next", (version, sequence)));
        }
        if entry.at.as_str() < at {
            broken.push(format!("{pk}/{version}: time went back from {at} to {}", entry.at));
        }
        for (place, (_, event)) in (sequence..).zip(&entry.events) {
            let metadata = &event["metadata"];
            let entity = format!(
                "{}#{}",
                metadata["entity"]["type"].as_str().unwrap_or_default(),
                metadata["entity"]["id"].as_str().unwrap_or_default()
            );
            if entity != pk || metadata["sequence"].as_u64() != Some(place) {
                broken.push(format!("{pk}/{version}: an event says that it is {} of {entity}", metadata["sequence"]));
            }
        }
        if u64::try_from(entry.events.len()) != Ok(entry.count) {
            broken.push(format!("{pk}/{version}: {} events where it counts {}", entry.events.len(), entry.count));
        }
        (version, sequence, at) = (version + 1, sequence + entry.count, &entry.at);
    }
    broken
}

fn wallet(books: &Books, user: &str, entries: &[Entry]) -> Vec<String> {
    let mut broken = Vec::new();
    let mut balances: BTreeMap<String, Cents> = BTreeMap::new();
    let mut head = String::new();
    for entry in entries {
        let place = format!("wallet#{user}/{}", entry.version);
        for line in json(&entry.item, "lines").as_array().into_iter().flatten() {
            let asset = line["asset"].as_str().unwrap_or_default();
            let (before, after, delta) = (of(&line["before"]), of(&line["after"]), of(&line["delta"]));
            let known = balances.get(asset).copied().unwrap_or(0);
            if before != known || before + delta != after || after < 0 {
                broken.push(format!("{place}: {asset} was {known}, the line says {before} {delta:+} = {after}"));
            }
            if line["account"].is_null() {
                broken.push(format!("{place}: a line names no other side"));
            }
            balances.insert(asset.to_owned(), after);
        }
        let after = json(&entry.item, "after");
        for (asset, known) in &balances {
            if of(&after[asset]["available"]) != *known {
                broken.push(format!(
                    "{place}: {asset} is {} after it where the lines make {known}",
                    after[asset]["available"]
                ));
            }
        }
        if text(&entry.item, "ph") != head {
            broken.push(format!("{place}: the hash chain is broken"));
        }
        text(&entry.item, "h").clone_into(&mut head);
    }
    let Some(stored) = books.wallets.get(user) else {
        return vec![format!("wallet#{user} has a journal and no wallet")];
    };
    if number(stored, "v") != u64::try_from(entries.len()).unwrap_or(0) || text(stored, "h") != head {
        broken.push(format!("wallet#{user} is not what its journal says: version {}", number(stored, "v")));
    }
    let mut held: BTreeMap<String, Cents> = BTreeMap::new();
    for (_, hold) in json(stored, "holds").as_object().into_iter().flatten() {
        *held.entry(hold["asset"].as_str().unwrap_or_default().to_owned()).or_default() += of(&hold["amount"]);
    }
    for (asset, known) in &balances {
        let (available, kept, owed) = books.balance(user, asset);
        if available != *known || kept != held.get(asset).copied().unwrap_or(0) || owed < 0 {
            broken.push(format!("wallet#{user}: {asset} is {available} and {kept} held, the journal makes {known}"));
        }
    }
    broken
}

/// Events that belong to a wallet are counted without gaps, wherever their streams are.
fn wallet_sequences(books: &Books) -> Vec<String> {
    let mut sequences: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (_, _, _, _, event) in books.events() {
        let wallet = &event["metadata"]["wallet"];
        if let (Some(id), Some(sequence)) = (wallet["id"].as_str(), wallet["sequence"].as_u64()) {
            sequences.entry(id.to_owned()).or_default().push(sequence);
        }
    }
    let mut broken = Vec::new();
    for (user, mut found) in sequences {
        found.sort_unstable();
        let count = books.wallets.get(&user).map_or(0, |wallet| number(wallet, "ws"));
        if !found.iter().copied().eq(1..=count) {
            broken.push(format!("wallet#{user}: its {count} events are numbered {found:?}"));
        }
    }
    broken
}

/// The audit trail has every event in its place.
fn audited(cloud: &Cloud, books: &Books) -> Vec<String> {
    let rows: BTreeMap<_, _> = cloud
        .scan("ReportingTable")
        .into_iter()
        .map(|item| ((text(&item, "pk").to_owned(), text(&item, "sk").to_owned()), text(&item, "event_id").to_owned()))
        .collect();
    let missing = books.events().filter(|(pk, _, _, _, event)| {
        let sequence = event["metadata"]["sequence"].as_u64().unwrap_or(0);
        rows.get(&(format!("audit#{pk}"), format!("{sequence:012}"))) != Some(&id_of(event))
    });
    missing.map(|(pk, _, _, _, event)| format!("{} of {pk} is not in the audit trail", event["event"])).collect()
}

/// Everything was handled, except what nobody can read, which is in the dead letters with its reason.
fn queues(cloud: &Cloud, record: &Record) -> Vec<String> {
    let queues = lock(&cloud.queues);
    let mut broken = Vec::new();
    let letters: BTreeMap<_, _> = cloud
        .application
        .queues
        .iter()
        .filter_map(|(name, spec)| Some((spec.dead_letters.as_ref()?.0.clone(), name.clone())))
        .collect();
    let poison: BTreeSet<_> = record.poison.iter().cloned().collect();
    let mut wanted = poison.clone();
    for (name, messages) in &queues.messages {
        for message in messages {
            let Some(source) = letters.get(name) else {
                broken.push(format!("{name} still holds {}", message.body));
                continue;
            };
            // A function that dies right after parking a message parks it again.
            let letter = (source.clone(), message.body.clone());
            wanted.remove(&letter);
            if !poison.contains(&letter) {
                broken.push(format!(
                    "{name} holds a letter too many: {} because {}",
                    message.body, message.attributes["reason"]
                ));
            }
            if !is_poison(message) || message.attributes["reason"]["StringValue"].as_str().is_none_or(str::is_empty) {
                broken.push(format!("{name} holds a letter without its reason"));
            }
        }
    }
    broken.extend(wanted.into_iter().map(|(queue, body)| format!("{queue}: {body} is in no dead letters")));
    broken
}

/// One key, one answer. What a provider said of a deposit in the meantime may be added.
fn one_answer(done: &Done) -> Option<String> {
    let plain = |body: &Value| {
        let mut body = body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("redirect_url");
        }
        body
    };
    use crate::scenario::Action;
    // A hold is two commands; an exclusion takes no key, and lasts from its last asking.
    let is_command = !matches!(done.step.action, Action::Hold { .. } | Action::Exclude { .. });
    let first = done.answers.first().filter(|_| is_command)?;
    let other = done.answers.iter().find(|one| one.status != first.status || plain(&one.body) != plain(&first.body))?;
    Some(format!("step {} was answered {first:?} and then {other:?}", done.step.number))
}

/// Each event is told once over each channel, and what the provider took is what was sent.
fn told_once(cloud: &Cloud, books: &Books) -> Vec<String> {
    let (mut counts, mut sent): (BTreeMap<String, u32>, usize) = Default::default();
    for (id, _) in books.of_kind("notice") {
        let Some(notice) = books.state(&format!("notice#{id}")) else { continue };
        let about = format!("{} to {} by {}", notice["about_event_id"], notice["user_id"], notice["channel"]);
        *counts.entry(about).or_default() += 1;
        sent += usize::from(matches!(notice["status"].as_str(), Some("sent" | "delivered" | "undelivered")));
    }
    let inbox = cloud.scan("SandboxTable").iter().filter(|item| text(item, "pk").starts_with("to#")).count();
    let mut broken: Vec<_> = counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(about, count)| format!("{about}: {count} notices"))
        .collect();
    if inbox != sent {
        broken.push(format!("the provider has {inbox} messages, {sent} notices are sent"));
    }
    broken
}
