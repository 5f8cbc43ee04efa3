//! Items that tables let go by themselves: at some time in the days after the moment that the item names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Cloud, seconds};
use crate::scheduler::lock;

/// What goes when, and what went.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expiry {
    /// By the second at which they go: tables and keys, with the moment that the item named.
    due: BTreeMap<(u64, u64), (String, Value, u64)>,
    count: u64,
    /// Tables and the ids of events of which they no longer know.
    forgotten: BTreeSet<(String, String)>,
}

/// Tables let go of an item within this many seconds.
const SLOW: u64 = 2 * 86_400;

impl Cloud {
    /// Remembers when an item may go that was written.
    pub(super) fn note_expiry(&self, table: &str, key: &Value, item: &Value) {
        let Some(attribute) = self.expiries.get(table) else { return };
        let Some(at) = item[attribute]["N"].as_str().and_then(|text| text.parse::<u64>().ok()) else { return };
        let goes = at + self.below(SLOW);
        let mut expiry = lock(&self.expiry);
        expiry.count += 1;
        let place = (goes, expiry.count);
        expiry.due.insert(place, (table.to_owned(), key.clone(), at));
    }

    /// Lets go of what is due. Looked at before each request, it is as if it had happened when it was due.
    pub(super) fn let_go(&self) {
        let now = seconds(self.handle.now());
        loop {
            let (table, key, at) = {
                let mut expiry = lock(&self.expiry);
                let Some(first) = expiry.due.first_entry().filter(|first| first.key().0 <= now) else { return };
                first.remove()
            };
            // It may have been written again, to stay.
            let item = self.item(&table, &key).unwrap_or_default();
            let Some(attribute) = self.expiries.get(&table) else { continue };
            if item[attribute]["N"].as_str() != Some(at.to_string().as_str()) {
                continue;
            }
            let delete = json!({"TableName": table, "Key": key});
            if self.engine("DeleteItem", delete.to_string().as_bytes()).is_ok() {
                self.say(|| format!("    expired: {table} {key}"));
                self.count("reached: an item that expired");
                self.remember(&table, &key, None);
                let about = events_of(&item).map(|event| (table.clone(), event));
                lock(&self.expiry).forgotten.extend(about);
            }
        }
    }

    /// Whether what `function` knew of the event in `message` has expired in one of its tables.
    pub(crate) fn is_forgotten(&self, function: &str, message: &str) -> bool {
        let expiry = lock(&self.expiry);
        if expiry.forgotten.is_empty() {
            return false;
        }
        let event: Value = serde_json::from_str(message).unwrap_or_default();
        let id = event["detail"]["metadata"]["event_id"].as_str();
        let variables = self.application.functions.get(function).map(|function| &function.variables);
        let mut tables = variables.into_iter().flatten().filter(|(name, _)| name.starts_with("TABLE_"));
        id.is_some_and(|id| tables.any(|(_, table)| expiry.forgotten.contains(&(table.clone(), id.to_owned()))))
    }
}

/// Ids of events in an item's key, or of the one that it is of.
fn events_of(item: &Value) -> impl Iterator<Item = String> {
    let texts = ["pk", "sk", "event_id"].map(|name| item[name]["S"].as_str().unwrap_or_default());
    let parts = texts.into_iter().flat_map(|text| text.split('#'));
    let is_id = |part: &&str| part.len() == 36 && part.bytes().filter(|byte| *byte == b'-').count() == 4;
    parts.filter(is_id).map(str::to_owned).collect::<Vec<_>>().into_iter()
}
