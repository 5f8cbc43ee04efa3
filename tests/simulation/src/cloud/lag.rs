//! Reads that need not be consistent: each is answered as it was some seconds ago, where the fault has it so. What
//! holds money is never read like that.

use serde_json::{Value, json};

use super::Cloud;
use super::stale::{Copies, key_of};
use crate::faults::Fault;
use crate::findings::{Broken, holds};
use crate::scheduler::{Micros, lock};

/// The copy is behind by at most this.
pub(super) const MAX_LAG: Micros = 10_000_000;

/// Tables that hold money: whoever reads them decides or tells by what they read. There is no exception.
const MONEY: [&str; 2] = ["JournalTable", "WalletsTable"];

/// The tables that a request reads, and whether consistently.
fn tables<'a>(action: &str, request: &'a Value) -> Vec<(&'a str, bool)> {
    let is_consistent = |part: &Value| part["ConsistentRead"] == true;
    match action {
        "GetItem" | "Query" | "Scan" => {
            vec![(request["TableName"].as_str().unwrap_or_default(), is_consistent(request))]
        }
        "BatchGetItem" => {
            let parts = request["RequestItems"].as_object().into_iter().flatten();
            parts.map(|(table, part)| (table.as_str(), is_consistent(part))).collect()
        }
        // Reads within a transaction are.
        _ => Vec::new(),
    }
}

/// What holds money is read consistently.
pub(super) fn money_is_fresh(action: &str, request: &Value) -> Result<(), Broken> {
    for (table, is_consistent) in tables(action, request) {
        holds!(
            is_consistent || !MONEY.contains(&table),
            Stale,
            [table, "read as it is", action],
            "{action} of {table} may be old: {request}"
        );
    }
    Ok(())
}

impl Cloud {
    /// Brings the reply to a read that need not be consistent back to an earlier moment.
    pub(super) fn make_late(&self, action: &str, request: &Value, reply: &mut Value) {
        let mut tables = tables(action, request);
        tables.retain(|(table, is_consistent)| !is_consistent && !MONEY.contains(table));
        if tables.is_empty() || action == "Scan" || !self.may_happen(Fault::StaleRead) {
            return;
        }
        let cutoff = self.handle.now().saturating_sub(self.below(MAX_LAG));
        let copies = lock(&self.stale);
        let mut is_behind = false;
        for (table, _) in tables {
            let late = Late { copies: &copies, table, names: self.key_names(table), cutoff };
            is_behind |= match action {
                "GetItem" => late.item(&request["Key"], reply),
                "BatchGetItem" => late.batch(&request["RequestItems"][table]["Keys"], &mut reply["Responses"]),
                _ => late.query(request, reply),
            };
        }
        drop(copies);
        if is_behind {
            self.happened(Fault::StaleRead);
        }
    }
}

/// A table as it was at a moment.
struct Late<'a> {
    copies: &'a Copies,
    table: &'a str,
    names: Vec<String>,
    cutoff: Micros,
}

impl Late<'_> {
    fn before(&self, key: &Value) -> Option<Option<&Value>> {
        self.copies.before(self.table, key, self.cutoff)
    }

    /// Each brings one kind of reply back; whether it was another one then.
    fn item(&self, key: &Value, reply: &mut Value) -> bool {
        let (Some(before), Some(reply)) = (self.before(key), reply.as_object_mut()) else { return false };
        let is_behind = reply.get("Item") != before;
        reply.remove("Item");
        reply.extend(before.map(|item| ("Item".to_owned(), item.clone())));
        is_behind
    }

    fn batch(&self, keys: &Value, responses: &mut Value) -> bool {
        let mut is_behind = false;
        for key in keys.as_array().into_iter().flatten() {
            let Some(before) = self.before(key) else { continue };
            if !responses[self.table].is_array() {
                responses[self.table] = json!([]);
            }
            let Some(items) = responses[self.table].as_array_mut() else { continue };
            let place = items.iter().position(|item| key_of(&self.names, item) == *key);
            is_behind |= place.and_then(|place| items.get(place)) != before;
            if let Some(place) = place {
                items.remove(place);
            }
            items.extend(before.cloned());
        }
        is_behind
    }

    fn query(&self, request: &Value, reply: &mut Value) -> bool {
        let last = reply.get("LastEvaluatedKey").cloned().unwrap_or_default();
        let Some(items) = reply.get_mut("Items").and_then(Value::as_array_mut) else { return false };
        let mut is_behind = false;
        let known: Vec<Value> = items.iter().map(|item| key_of(&self.names, item)).collect();
        items.retain_mut(|item| match self.before(&key_of(&self.names, item)) {
            None => true,
            Some(before) => {
                is_behind |= before != Some(item);
                before.is_some_and(|before| {
                    *item = before.clone();
                    true
                })
            }
        });
        if let Some(page) = Page::of(request, &last) {
            let gone = self.copies.changed(self.table, page.pk, self.cutoff);
            let gone = gone.filter(|item| page.has(item) && !known.contains(&key_of(&self.names, item)));
            for item in gone.cloned().collect::<Vec<_>>() {
                let before = |one: &&Value| (sort_key(one) < sort_key(&item)) != page.is_descending;
                let place = items.iter().filter(before).count();
                items.insert(place, item);
                is_behind = true;
            }
            // What no longer fits comes with the next page, or never, if it is gone by then.
            if page.limit.is_some_and(|limit| items.len() > limit)
                && let Some(limit) = page.limit
            {
                items.truncate(limit);
                let next = items.last().map(|item| key_of(&self.names, item)).unwrap_or_default();
                reply["LastEvaluatedKey"] = next;
            }
        }
        reply["Count"] = reply["Items"].as_array().map_or(0, Vec::len).into();
        is_behind
    }
}

/// What a query of a partition asks for; a condition is one of those that the platform has.
struct Page<'a> {
    pk: &'a Value,
    prefix: Option<&'a str>,
    first: Option<&'a str>,
    last: Option<&'a str>,
    /// Where the page begins and where it ends, of those that come before and after.
    after: Option<String>,
    until: Option<String>,
    is_descending: bool,
    limit: Option<usize>,
}

impl<'a> Page<'a> {
    fn of(request: &'a Value, last: &Value) -> Option<Self> {
        let values = &request["ExpressionAttributeValues"];
        let text = |name: &str| values[name]["S"].as_str();
        let (prefix, first, upper) = match request["KeyConditionExpression"].as_str()? {
            "pk = :pk" => (None, None, None),
            "pk = :pk AND begins_with(sk, :sk)" => (Some(text(":sk")?), None, None),
            "pk = :pk AND sk BETWEEN :first AND :last" => (None, Some(text(":first")?), Some(text(":last")?)),
            _ => return None,
        };
        let is_plain = request.get("IndexName").is_none() && request.get("FilterExpression").is_none();
        let end = |key: &Value| key["sk"]["S"].as_str().map(str::to_owned);
        is_plain.then_some(Self {
            pk: &values[":pk"],
            prefix,
            first,
            last: upper,
            after: end(&request["ExclusiveStartKey"]),
            until: end(last),
            is_descending: request["ScanIndexForward"] == false,
            limit: request["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()),
        })
    }

    fn has(&self, item: &Value) -> bool {
        let sk = sort_key(item);
        let (above, below) = if self.is_descending { (&self.until, &self.after) } else { (&self.after, &self.until) };
        self.prefix.is_none_or(|prefix| sk.starts_with(prefix))
            && self.first.is_none_or(|first| first <= sk)
            && self.last.is_none_or(|last| sk <= last)
            && above.as_deref().is_none_or(|above| above < sk)
            && below.as_deref().is_none_or(|below| sk < below)
    }
}

fn sort_key(item: &Value) -> &str {
    item["sk"]["S"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quoin_stack::{Application, Table};

    use super::*;
    use crate::cloud::{DAYS, Setting};
    use crate::faults::Plan;
    use crate::findings::Check;
    use crate::scheduler::Scheduler;

    const TABLE: &str = "MarketingTable";

    /// A cloud in which `written` and then, ten minutes later, `changed` was carried out; reads lag then.
    fn cloud(written: &[(&str, Value)], changed: &[(&str, Value)]) -> Arc<Cloud> {
        let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
        let properties = json!({
            "BillingMode": "PAY_PER_REQUEST", "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"}],
        });
        let tables = vec![Table { name: TABLE.to_owned(), properties }];
        let application = Arc::new(Application { tables, ..Application::default() });
        let mut scheduler = Scheduler::new(1);
        let plan = Plan::only(&[Fault::StaleRead]);
        let setting = Setting {
            application: &application,
            snapshot: None,
            plan,
            seed: 1,
            days: DAYS,
            mutant: None,
            is_traced: false,
        };
        let cloud = Cloud::new(scheduler.handle(), setting).unwrap();
        for (requests, until) in [(written, 600_000_000), (changed, 600_000_001)] {
            for (action, request) in requests {
                let reply = cloud.dynamo(action, request.to_string().as_bytes());
                assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
            }
            scheduler.run(until);
        }
        cloud
    }

    fn item(sk: &str, value: u32) -> Value {
        json!({"pk": {"S": "p"}, "sk": {"S": sk}, "value": {"N": value.to_string()}})
    }

    fn put(sk: &str, value: u32) -> (&'static str, Value) {
        ("PutItem", json!({"TableName": TABLE, "Item": item(sk, value)}))
    }

    fn key(sk: &str) -> Value {
        json!({"pk": {"S": "p"}, "sk": {"S": sk}})
    }

    /// What the request answers when it is behind, and when it is not.
    fn answers(cloud: &Cloud, action: &str, request: &Value, place: &str) -> Vec<Value> {
        let answer = |_| {
            let reply = cloud.dynamo(action, request.to_string().as_bytes());
            let body: Value = serde_json::from_slice(&reply.body).unwrap();
            body.pointer(place).cloned().unwrap_or_default()
        };
        let mut answers: Vec<Value> = (0..200).map(answer).collect();
        answers.sort_by_key(Value::to_string);
        answers.dedup();
        answers
    }

    #[test]
    fn a_query_shows_what_was_changed_and_what_is_gone() {
        let gone = ("DeleteItem", json!({"TableName": TABLE, "Key": key("b")}));
        let cloud = cloud(&[put("a", 1), put("b", 1), put("c", 1)], &[put("c", 2), put("d", 2), gone]);
        let values = json!({":pk": {"S": "p"}, ":sk": {"S": ""}});
        let query = |more: Value| {
            let mut request = json!({
                "TableName": TABLE, "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": values[":pk"]},
            });
            request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            request
        };
        let (now, then) =
            (json!([item("a", 1), item("c", 2), item("d", 2)]), json!([item("a", 1), item("b", 1), item("c", 1)]));
        assert_eq!(answers(&cloud, "Query", &query(json!({})), "/Items"), [then.clone(), now.clone()]);
        assert_eq!(answers(&cloud, "Query", &query(json!({"ConsistentRead": true})), "/Items"), [now]);
        let back = json!({"ScanIndexForward": false, "ExclusiveStartKey": key("c")});
        assert_eq!(
            answers(&cloud, "Query", &query(back), "/Items"),
            [json!([item("a", 1)]), json!([item("b", 1), item("a", 1)])]
        );
        // A page takes no more than it was asked for, and says where it ends.
        let pages = answers(&cloud, "Query", &query(json!({"Limit": 2})), "");
        let told: Vec<_> = pages.iter().map(|page| (page["Items"].clone(), page["LastEvaluatedKey"].clone())).collect();
        assert!(told.contains(&(json!([item("a", 1), item("b", 1)]), key("b"))), "{told:?}");
    }

    #[test]
    fn a_batch_shows_what_was_changed_and_what_is_gone() {
        let gone = ("DeleteItem", json!({"TableName": TABLE, "Key": key("a")}));
        let cloud = cloud(&[put("a", 1), put("b", 1)], &[put("b", 2), put("c", 2), gone]);
        let request = |is_consistent: bool| {
            let part = json!({"Keys": [key("a"), key("b"), key("c")], "ConsistentRead": is_consistent});
            json!({"RequestItems": {TABLE: part}})
        };
        let sorted = |is_consistent| {
            let mut all = answers(&cloud, "BatchGetItem", &request(is_consistent), "/Responses/MarketingTable");
            for items in &mut all {
                items.as_array_mut().unwrap().sort_by_key(Value::to_string);
            }
            all.sort_by_key(Value::to_string);
            all.dedup();
            all
        };
        let now = json!([item("b", 2), item("c", 2)]);
        assert_eq!(sorted(true), std::slice::from_ref(&now));
        assert_eq!(sorted(false), [json!([item("a", 1), item("b", 1)]), now]);
    }

    #[test]
    fn money_is_read_as_it_is() {
        let one = |table: &str, is_consistent: bool| json!({"TableName": table, "ConsistentRead": is_consistent});
        let keys = |is_consistent: bool| {
            json!({"RequestItems": {
                "WalletsTable": {"Keys": [], "ConsistentRead": is_consistent}, "UsersTable": {"Keys": []},
            }})
        };
        for action in ["GetItem", "Query", "Scan"] {
            let found = money_is_fresh(action, &one("JournalTable", false)).unwrap_err();
            assert_eq!(found.check, Check::Stale);
            assert_eq!(money_is_fresh(action, &one("JournalTable", true)), Ok(()));
            assert_eq!(money_is_fresh(action, &one("UsersTable", false)), Ok(()));
        }
        assert_eq!(money_is_fresh("BatchGetItem", &keys(true)), Ok(()));
        assert!(money_is_fresh("BatchGetItem", &keys(false)).is_err());
        assert_eq!(money_is_fresh("TransactGetItems", &one("WalletsTable", false)), Ok(()));
    }
}
