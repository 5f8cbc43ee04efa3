//! Reads that need not be consistent are served from a copy that lags.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Cloud;
use crate::faults::Fault;
use crate::mutants::Mutant;
use crate::scheduler::{Micros, lock};

/// What items were, and since when.
#[derive(Default)]
pub(crate) struct Copies(BTreeMap<(String, String), Vec<Version>>);

/// Since when an item was this, or was not there.
type Version = (Micros, Option<Value>);

/// The copy is behind by at most this.
const MAX_LAG: Micros = 3_000_000;

impl Cloud {
    /// Remembers what a write left, and brings an eventually consistent reply back to an earlier moment.
    pub(super) fn make_stale(&self, action: &str, request: &Value, reply: &mut Value) {
        for (table, key) in self.touched(action, request) {
            let now = self.item(&table, &key);
            lock(&self.stale).0.entry((table, key.to_string())).or_default().push((self.handle.now(), now));
        }
        if self.mutant == Some(Mutant::StaleBalance) {
            self.make_balances_stale(reply);
        }
        let is_consistent = request.get("ConsistentRead").and_then(Value::as_bool).unwrap_or(false);
        if is_consistent || !matches!(action, "GetItem" | "Query") || !self.may_happen(Fault::StaleRead) {
            return;
        }
        let cutoff = self.handle.now().saturating_sub(self.below(MAX_LAG));
        let table = request["TableName"].as_str().unwrap_or_default();
        let names = self.key_names(table);
        let copies = lock(&self.stale);
        let before = |key: &Value| {
            let versions = copies.0.get(&(table.to_owned(), key.to_string()))?;
            let newer = versions.iter().any(|(since, _)| *since > cutoff);
            newer.then(|| versions.iter().rev().find(|(since, _)| *since <= cutoff).and_then(|(_, item)| item.clone()))
        };
        let is_behind = copies
            .0
            .iter()
            .any(|((one, _), versions)| one == table && versions.last().is_some_and(|(since, _)| *since > cutoff));
        if is_behind {
            self.happened(Fault::StaleRead);
        }
        if action == "GetItem" {
            if let (Some(before), Some(reply)) = (before(&request["Key"]), reply.as_object_mut()) {
                reply.remove("Item");
                reply.extend(before.map(|item| ("Item".to_owned(), item)));
            }
        } else if let Some(items) = reply.get_mut("Items").and_then(Value::as_array_mut) {
            let kept: Vec<Value> = items
                .drain(..)
                .filter_map(|item| match before(&key_of(&names, &item)) {
                    None => Some(item),
                    Some(earlier) => earlier,
                })
                .collect();
            reply["Count"] = kept.len().into();
            reply["Items"] = kept.into();
        }
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

    fn touched(&self, action: &str, request: &Value) -> Vec<(String, Value)> {
        let one = |part: &Value| {
            let table = part["TableName"].as_str()?;
            if table == "JournalTable" || (table == "WalletsTable" && self.mutant != Some(Mutant::StaleBalance)) {
                return None;
            }
            let key = match part.get("Key") {
                Some(key) => key.clone(),
                None => key_of(&self.key_names(table), part.get("Item")?),
            };
            Some((table.to_owned(), key))
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
            _ => Vec::new(),
        }
    }
}

fn key_of(names: &[String], item: &Value) -> Value {
    let mut key = json!({});
    for name in names {
        key[name] = item[name].clone();
    }
    key
}
