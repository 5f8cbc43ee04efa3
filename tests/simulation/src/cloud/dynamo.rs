//! Tables: an embedded engine, and the stream of what is new in the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;

use serde_json::{Map, Value, json};

use super::{Cloud, lag};
use crate::faults::Fault;
use crate::mutants::Mutant;
use crate::packed::unpacked;
use crate::scheduler::lock;
use crate::wire::Reply;

/// A new item of the journal, as its stream tells it.
#[derive(Debug, Clone)]
pub(crate) struct JournalRecord {
    pub(crate) keys: Value,
    pub(crate) image: Value,
    pub(crate) number: u64,
}

/// The journal's stream, in shards by stream of events, each in order.
#[derive(Default)]
pub(crate) struct Stream {
    seen: BTreeSet<String>,
    count: u64,
    pub(crate) shards: BTreeMap<u8, Vec<JournalRecord>>,
    pub(crate) wakers: BTreeMap<u8, Waker>,
}

impl Stream {
    /// How many records there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

/// Shards of the journal's stream.
pub(crate) const SHARDS: u8 = 3;
/// A text of nothing, as a request writes it.
const EMPTY: &[u8] = br#"{"S":""}"#;
const JOURNAL: &str = "JournalTable";
/// Items of a batch that is written.
const BATCH: usize = 25;

/// What of a request is carried out.
#[derive(Default)]
struct Part {
    /// The request instead; all of it if there is none.
    body: Option<Vec<u8>>,
    /// What is left of it, and how the reply calls that.
    left: Option<(&'static str, Value)>,
    /// Whether a page may have become shorter.
    is_short: bool,
}

macro_rules! actions {
    ($database:expr, $action:expr, $body:expr, { $($name:literal => $method:ident),+ $(,)? }) => {
        match $action {
            $($name => serde_json::from_slice($body)
                .map_err(|error| dynoxide::DynoxideError::ValidationException(error.to_string()))
                .and_then(|request| $database.$method(request))
                .map(|reply| serde_json::to_value(&reply).unwrap_or_default()),)+
            other => Err(dynoxide::DynoxideError::ValidationException(format!("{other} is not simulated"))),
        }
    };
}

impl Cloud {
    pub(super) fn make_tables(&self) -> Result<(), String> {
        for table in &self.application.tables {
            let mut request = Map::new();
            request.insert("TableName".to_owned(), table.name.clone().into());
            for name in ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode"] {
                if let Some(value) = table.properties.get(name) {
                    request.insert(name.to_owned(), value.clone());
                }
            }
            let body = Value::Object(request).to_string();
            let said = |error: dynoxide::DynoxideError| format!("{}: {error}", table.name);
            self.engine("CreateTable", body.as_bytes()).map_err(said)?;
        }
        Ok(())
    }

    pub(super) fn engine(&self, action: &str, body: &[u8]) -> Result<Value, dynoxide::DynoxideError> {
        // DynamoDB refuses what the engine lets through.
        if action == "Query" && body.windows(EMPTY.len()).any(|part| part == EMPTY) {
            let text = "The AttributeValue for a key attribute cannot contain an empty string value";
            return Err(dynoxide::DynoxideError::ValidationException(text.to_owned()));
        }
        actions!(self.database, action, body, {
            "CreateTable" => create_table,
            "GetItem" => get_item,
            "BatchGetItem" => batch_get_item,
            "Query" => query,
            "Scan" => scan,
            "PutItem" => put_item,
            "UpdateItem" => update_item,
            "DeleteItem" => delete_item,
            "BatchWriteItem" => batch_write_item,
            "TransactWriteItems" => transact_write_items,
            "TransactGetItems" => transact_get_items,
        })
    }

    pub(super) fn dynamo(&self, action: &str, body: &[u8]) -> Reply {
        self.let_go();
        if self.mutant == Some(Mutant::PublishedBeforeCommit) {
            self.written(action, &serde_json::from_slice(body).unwrap_or_default());
        }
        let part = self.in_part(action, body);
        let body = part.body.as_deref().unwrap_or(body);
        match self.engine(action, body) {
            Ok(mut reply) => {
                if let Some((name, left)) = part.left {
                    reply[name] = left;
                }
                if part.is_short && !reply["LastEvaluatedKey"].is_null() {
                    self.happened(Fault::ShortPage);
                }
                if matches!(action, "Query" | "BatchGetItem") {
                    self.say(|| format!("    {} items are read", items_of(&reply)));
                }
                let request: Value = serde_json::from_slice(body).unwrap_or_default();
                self.hold(lag::money_is_fresh(action, &request));
                self.reached(action, &request);
                self.written(action, &request);
                let is_repeated = self.audited(action, &request);
                self.make_stale(action, &request, &mut reply, is_repeated);
                Reply::json(200, &reply)
            }
            Err(error) => {
                let text = error.to_json();
                if let Ok(error) = serde_json::from_str::<Value>(&text) {
                    let reasons = error.get("CancellationReasons").map(Value::to_string).unwrap_or_default();
                    if text.contains("ConditionalCheckFailed") {
                        self.count("condition refused");
                    }
                    self.say(|| format!("    refused: {} {}", error["__type"], codes(&reasons)));
                }
                Reply { status: 400, headers: BTreeMap::new(), body: text.into_bytes() }
            }
        }
    }

    /// The part of a request that is carried out.
    fn in_part(&self, action: &str, body: &[u8]) -> Part {
        let parsed = || serde_json::from_slice::<Value>(body).unwrap_or_default();
        match action {
            "Query" if self.may_happen(Fault::ShortPage) => {
                let mut request = parsed();
                let wanted = request["Limit"].as_u64().unwrap_or(u64::MAX);
                let limit = wanted.min(1 + self.below(3));
                request["Limit"] = limit.into();
                Part { body: Some(request.to_string().into_bytes()), left: None, is_short: limit < wanted }
            }
            "BatchGetItem" if self.may_happen(Fault::PartlyRead) => {
                self.divided(parsed(), "Keys", "UnprocessedKeys", Fault::PartlyRead)
            }
            "BatchWriteItem" if self.may_happen(Fault::PartlyWritten) => {
                self.divided(parsed(), "", "UnprocessedItems", Fault::PartlyWritten)
            }
            _ => Part::default(),
        }
    }

    /// Some of a batch, whose lists are at `place` of each table; the reply calls the others `name`.
    fn divided(&self, mut request: Value, place: &str, name: &'static str, fault: Fault) -> Part {
        fn list<'a>(part: &'a mut Value, place: &str) -> &'a mut Value {
            if place.is_empty() { part } else { &mut part[place] }
        }
        let mut left = json!({});
        let Some(tables) = request["RequestItems"].as_object_mut() else { return Part::default() };
        for (table, part) in tables.iter_mut() {
            let all = list(part, place).as_array_mut().map(std::mem::take).unwrap_or_default();
            let (now, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|_| self.below(3) > 0);
            if !later.is_empty() {
                left[table] = part.clone();
                *list(&mut left[table], place) = later.into();
            }
            *list(part, place) = now.into();
        }
        tables.retain(|_, part| list(part, place).as_array().is_some_and(|some| !some.is_empty()));
        // Never nothing at all.
        if tables.is_empty() || left.as_object().is_none_or(Map::is_empty) {
            return Part::default();
        }
        self.happened(fault);
        Part { body: Some(request.to_string().into_bytes()), left: Some((name, left)), is_short: false }
    }

    /// Counts what a write shows to have happened.
    fn reached(&self, action: &str, request: &Value) {
        let key = self.first_key(action, request);
        if key.is_some_and(|key| lock(&self.conflicts).remove(&key)) {
            self.count("reached: a conflict, then success");
        }
        let key = &request["Key"];
        let index = key["pk"]["S"].as_str().and_then(|pk| pk.strip_prefix("index#")?.rsplit_once('#'));
        if let (Some((event, _)), "UpdateItem") = (index, action) {
            let mut market = key["sk"]["S"].as_str().unwrap_or_default().split('#');
            let (id, specifiers) = (market.next().unwrap_or_default(), market.next().unwrap_or_default());
            let result =
                json!({"pk": {"S": format!("event#{event}")}, "sk": {"S": format!("result#{id}#{specifiers}")}});
            if self.item("SportsbookTable", &result).is_some_and(|item| !item.is_null()) {
                self.count("reached: a result before the index");
            }
        }
    }

    /// The key of the first item that a write names.
    pub(super) fn first_key(&self, action: &str, body: &Value) -> Option<String> {
        let mut keys = Vec::new();
        if matches!(action, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems") {
            collect(action, body, &mut keys);
        }
        keys.into_iter().next()
    }

    /// Every item of a table, as the engine has it now.
    pub(crate) fn scan(&self, table: &str) -> Vec<Value> {
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let mut request = json!({"TableName": table, "ConsistentRead": true});
            if let (Some(start), Some(request)) = (start.take(), request.as_object_mut()) {
                request.insert("ExclusiveStartKey".to_owned(), start);
            }
            let Ok(mut page) = self.engine("Scan", request.to_string().as_bytes()) else { return items };
            if let Some(Value::Array(more)) = page.get_mut("Items").map(Value::take) {
                items.extend(more.into_iter().map(unpacked));
            }
            match page.get_mut("LastEvaluatedKey").map(Value::take).filter(|key| !key.is_null()) {
                Some(next) => start = Some(next),
                None => return items,
            }
        }
    }

    /// Puts an item as it is: for a history that begins with known users.
    pub(crate) fn restore(&self, table: &str, item: &Value) {
        let put = json!({"TransactItems": [{"Put": {"TableName": table, "Item": item}}]});
        let _ = self.dynamo("TransactWriteItems", put.to_string().as_bytes());
    }

    /// Puts many items as they are, past everything that looks at writes.
    pub(crate) fn load(&self, table: &str, items: &[Value]) -> Result<(), String> {
        for part in items.chunks(BATCH) {
            let puts: Vec<_> = part.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
            let request = json!({"RequestItems": {table: puts}});
            self.engine("BatchWriteItem", request.to_string().as_bytes()).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Has a write audited; whether it was a transaction that was carried out before.
    fn audited(&self, action: &str, request: &Value) -> bool {
        let wallet = |user: &str| self.item("WalletsTable", &json!({"pk": {"S": user}}));
        let (now, mut auditor) = (self.handle.now(), lock(&self.auditor));
        let is_repeated = auditor.is_repeated(request);
        let before = auditor.sagas();
        let outcome = auditor.wrote(now, action, request, wallet);
        if auditor.sagas() > before {
            self.handle.call();
        }
        drop(auditor);
        self.hold(outcome);
        is_repeated
    }

    // A put that was repeated with its token is in the journal once, and so in its stream.
    fn written(&self, action: &str, request: &Value) {
        let puts: Vec<&Value> = match action {
            "PutItem" => vec![request],
            "TransactWriteItems" => {
                let items = request.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
                items.filter_map(|item| item.get("Put")).collect()
            }
            _ => Vec::new(),
        };
        let mut stream = lock(&self.journal);
        for put in puts.into_iter().filter(|put| put["TableName"] == JOURNAL) {
            let image = &put["Item"];
            let key = format!(
                "{}/{}",
                image["pk"]["S"].as_str().unwrap_or_default(),
                image["sk"]["N"].as_str().unwrap_or_default()
            );
            if !stream.seen.insert(key) {
                continue;
            }
            stream.count += 1;
            let shard = image["pk"]["S"].as_str().unwrap_or_default().bytes().fold(0_u8, u8::wrapping_add) % SHARDS;
            let keys = json!({"pk": image["pk"], "sk": image["sk"]});
            let record = JournalRecord { keys, image: image.clone(), number: stream.count };
            stream.shards.entry(shard).or_default().push(record);
            if let Some(waker) = stream.wakers.remove(&shard) {
                waker.wake();
            }
        }
    }

    /// The keys that a request names, for the trace.
    pub(super) fn keys_of(&self, action: &str, body: &Value) -> String {
        let mut keys = Vec::new();
        collect(action, body, &mut keys);
        keys.join(", ")
    }

    /// Names of a table's key attributes.
    pub(super) fn key_names(&self, table: &str) -> Vec<String> {
        let table = self.application.tables.iter().find(|one| one.name == table);
        let schema = table.and_then(|table| table.properties.get("KeySchema")).and_then(Value::as_array);
        let names = schema.into_iter().flatten().filter_map(|key| key["AttributeName"].as_str());
        names.map(str::to_owned).collect()
    }

    /// The item at `key`, consistently.
    pub(crate) fn item(&self, table: &str, key: &Value) -> Option<Value> {
        let request = json!({"TableName": table, "Key": key, "ConsistentRead": true});
        self.engine("GetItem", request.to_string().as_bytes()).ok()?.get_mut("Item").map(Value::take)
    }
}

/// How many items a reply has.
fn items_of(reply: &Value) -> usize {
    let of_batch = reply["Responses"].as_object().into_iter().flatten().map(|(_, items)| items);
    std::iter::once(&reply["Items"]).chain(of_batch).filter_map(Value::as_array).map(Vec::len).sum()
}

fn codes(reasons: &str) -> String {
    let reasons: Vec<Value> = serde_json::from_str(reasons).unwrap_or_default();
    reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect::<Vec<_>>().join(",")
}

fn collect(action: &str, body: &Value, keys: &mut Vec<String>) {
    let text = |value: &Value| {
        value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(_, value)| value.as_str().unwrap_or_default().to_owned())
            .collect::<String>()
    };
    let key = |item: &Value| {
        let parts: Vec<_> = ["pk", "sk"].iter().filter_map(|name| item.get(name)).map(text).collect();
        parts.join("/")
    };
    match action {
        "PutItem" => keys.push(key(&body["Item"])),
        "GetItem" | "UpdateItem" | "DeleteItem" => keys.push(key(&body["Key"])),
        "Query" => keys.push(text(&body["ExpressionAttributeValues"][":pk"])),
        "BatchGetItem" => {
            for (_, table) in body["RequestItems"].as_object().into_iter().flatten() {
                keys.extend(table["Keys"].as_array().into_iter().flatten().map(key));
            }
            keys.sort();
        }
        "TransactWriteItems" => {
            for item in body["TransactItems"].as_array().into_iter().flatten() {
                for (action, one) in item.as_object().into_iter().flatten() {
                    let at = one.get("Item").or_else(|| one.get("Key")).map(key).unwrap_or_default();
                    keys.push(format!("{action} {at}"));
                }
            }
        }
        _ => {}
    }
}
