//! What items were, so that reads can be served from a copy that lags.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Cloud;
use super::lag::MAX_LAG;
use crate::mutants::Mutant;
use crate::scheduler::{Micros, lock};

/// What items were, and since when.
#[derive(Clone, Default)]
pub(crate) struct Copies(BTreeMap<(String, String), Vec<Version>>);

/// Since when an item was this, or was not there.
type Version = (Micros, Option<Value>);

impl Copies {
    /// What the item at `key` of `table` was at `cutoff`, if it has changed since.
    pub(super) fn before(&self, table: &str, key: &Value, cutoff: Micros) -> Option<Option<&Value>> {
        earlier(self.0.get(&(table.to_owned(), key.to_string()))?, cutoff)
    }

    /// What was under `pk` of `table` at `cutoff` and has changed since, or is gone.
    pub(super) fn changed<'a>(&'a self, table: &'a str, pk: &Value, cutoff: Micros) -> impl Iterator<Item = &'a Value> {
        let prefix = json!({"pk": pk}).to_string();
        let prefix = prefix.trim_end_matches('}').to_owned() + "},";
        let first = (table.to_owned(), prefix.clone());
        let of_pk = self.0.range(first..).take_while(move |((one, key), _)| one == table && key.starts_with(&prefix));
        of_pk.filter_map(move |(_, versions)| earlier(versions, cutoff)?)
    }
}

fn earlier(versions: &[Version], cutoff: Micros) -> Option<Option<&Value>> {
    versions.last().is_some_and(|(since, _)| *since > cutoff).then(|| {
        let known = versions.iter().rev().find(|(since, _)| *since <= cutoff);
        known.and_then(|(_, item)| item.as_ref())
    })
}

impl Cloud {
    /// Remembers what a write left, and brings an eventually consistent reply back to an earlier moment.
    pub(super) fn make_stale(&self, action: &str, request: &Value, reply: &mut Value, is_repeated: bool) {
        for (table, key, item) in self.touched(action, request) {
            // Repeated with its token, a transaction changes nothing.
            let item = item.filter(|_| !is_repeated);
            let now = item.or_else(|| self.item(&table, &key).filter(|item| !item.is_null()));
            self.remember(&table, &key, now);
        }
        if self.mutant == Some(Mutant::StaleBalance) {
            self.make_balances_stale(reply);
        }
        if let Some(mutant) = self.mutant {
            mutant.reply(reply);
        }
        self.make_late(action, request, reply);
    }

    /// Keeps what an item is from now on.
    pub(super) fn remember(&self, table: &str, key: &Value, item: Option<Value>) {
        if let Some(item) = &item {
            self.note_expiry(table, key, item);
        }
        let place = (table.to_owned(), key.to_string());
        lock(&self.stale).0.entry(place).or_default().push((self.handle.now(), item));
    }

    /// The last state of every item that a table ever had, also of those that are gone.
    pub(crate) fn ever(&self, table: &str) -> Vec<Value> {
        let copies = lock(&self.stale);
        let of_table = copies.0.iter().filter(|((one, _), _)| one == table);
        of_table.filter_map(|(_, versions)| versions.iter().rev().find_map(|(_, item)| item.clone())).collect()
    }

    /// Every state that an item was in from `from` to `to`, the one at `from` included.
    pub(crate) fn states(&self, table: &str, key: &Value, from: Micros, to: Micros) -> Vec<Value> {
        let copies = lock(&self.stale);
        let Some(versions) = copies.0.get(&(table.to_owned(), key.to_string())) else { return vec![Value::Null] };
        let mut states: Vec<_> = versions.iter().filter(|(since, _)| (from + 1..=to).contains(since)).collect();
        let before = versions.iter().rev().find(|(since, _)| *since <= from);
        let at_first = before.and_then(|(_, item)| item.clone()).unwrap_or_default();
        let later = states.drain(..).map(|(_, item)| item.clone().unwrap_or_default());
        std::iter::once(at_first).chain(later).collect()
    }

    fn make_balances_stale(&self, reply: &mut Value) {
        let cutoff = self.handle.now().saturating_sub(self.below(MAX_LAG));
        let copies = lock(&self.stale);
        let old = |wallet: &mut Value| {
            let key = ("WalletsTable".to_owned(), json!({"pk": wallet["pk"]}).to_string());
            let versions = copies.0.get(&key).into_iter().flatten();
            if let Some(Some(before)) = versions.rev().find(|(since, _)| *since <= cutoff).map(|(_, item)| item) {
                wallet["assets"] = before["assets"].clone();
            }
        };
        if reply.pointer("/Item/assets").is_some() {
            old(&mut reply["Item"]);
        }
        for wallet in reply.pointer_mut("/Responses/WalletsTable").and_then(Value::as_array_mut).into_iter().flatten() {
            old(wallet);
        }
    }

    /// What a write touched: tables and keys, with the item where it is sure to be what was written.
    fn touched(&self, action: &str, request: &Value) -> Vec<(String, Value, Option<Value>)> {
        let is_kept = |table: &str| {
            table != "JournalTable" && (table != "WalletsTable" || self.mutant == Some(Mutant::StaleBalance))
        };
        let one = |part: &Value| {
            let table = part["TableName"].as_str().filter(|table| is_kept(table))?;
            let key = match part.get("Key") {
                Some(key) => key.clone(),
                None => key_of(&self.key_names(table), part.get("Item")?),
            };
            Some((table.to_owned(), key, part.get("Item").cloned()))
        };
        match action {
            "PutItem" | "UpdateItem" | "DeleteItem" => one(request).into_iter().collect(),
            "TransactWriteItems" => {
                let parts = request["TransactItems"].as_array().into_iter().flatten();
                parts
                    .flat_map(|part| part.as_object().into_iter().flatten())
                    .filter_map(|(_, part)| one(part))
                    .collect()
            }
            "BatchWriteItem" => {
                let tables = request["RequestItems"].as_object().into_iter().flatten();
                let parts = tables
                    .flat_map(|(table, parts)| parts.as_array().into_iter().flatten().map(move |part| (table, part)));
                let touched = |(table, part): (&String, &Value)| {
                    if let Some(key) = part.pointer("/DeleteRequest/Key") {
                        return Some((table.clone(), key.clone(), None));
                    }
                    let item = part.pointer("/PutRequest/Item")?;
                    Some((table.clone(), key_of(&self.key_names(table), item), Some(item.clone())))
                };
                parts.filter_map(touched).collect()
            }
            _ => Vec::new(),
        }
    }
}

pub(super) fn key_of(names: &[String], item: &Value) -> Value {
    let mut key = json!({});
    for name in names {
        key[name] = item[name].clone();
    }
    key
}
