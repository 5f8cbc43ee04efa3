//! Pages of a long list, and how many rows are read for one: the store is real, what answers it is a map.

#![expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may panic, also outside of test functions"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use proptest::prelude::*;
use quoin_events::Timestamp;
use quoin_ranks::{List, Rank, SHARDS};
use quoin_store::{Commit, Store, Tables};
use serde_json::{Value, json};

const LIST: List<'static> = List { table: "gigs", name: "rank" };

/// Rows by partition and sort key, and what was done with them.
#[derive(Debug, Default)]
struct Rows {
    rows: BTreeMap<(String, String), Value>,
    read: usize,
    queries: usize,
}

/// A table that answers the requests that lists make.
#[derive(Debug, Clone, Default)]
struct Table(Arc<Mutex<Rows>>);

fn text(value: &Value) -> String {
    value["S"].as_str().unwrap().to_owned()
}

fn key(item: &Value) -> (String, String) {
    (text(&item["pk"]), text(&item["sk"]))
}

impl Rows {
    fn query(&mut self, request: &Value) -> Value {
        assert_eq!(request["ScanIndexForward"], json!(false));
        let values = &request["ExpressionAttributeValues"];
        let pk = text(&values[":pk"]);
        let range = (pk.clone(), text(&values[":first"]))..=(pk, text(&values[":last"]));
        let limit = usize::try_from(request["Limit"].as_u64().unwrap()).unwrap();
        let items: Vec<_> = self.rows.range(range).rev().take(limit).map(|(_, item)| item.clone()).collect();
        self.queries += 1;
        self.read += items.len();
        json!({"Items": items, "Count": items.len()})
    }

    fn transact(&mut self, request: &Value) -> Value {
        for one in request["TransactItems"].as_array().unwrap() {
            if let Some(put) = one.get("Put") {
                self.rows.insert(key(&put["Item"]), put["Item"].clone());
            } else {
                assert!(self.rows.remove(&key(&one["Delete"]["Key"])).is_some(), "what moves was there");
            }
        }
        json!({})
    }
}

impl HttpConnector for Table {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let mut rows = self.0.lock().unwrap();
        let reply = match request.headers().get("x-amz-target").unwrap() {
            "DynamoDB_20120810.Query" => rows.query(&body),
            "DynamoDB_20120810.TransactWriteItems" => rows.transact(&body),
            other => panic!("{other} is not asked for by lists"),
        };
        let status = 200.try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(reply.to_string()))))
    }
}

impl HttpClient for Table {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl Table {
    fn store(&self) -> Store {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("a", "b", None, None, "test"))
            .endpoint_url("http://localhost")
            .http_client(self.clone())
            .build();
        Store::new(Client::from_conf(config), Tables::default())
    }

    /// Puts a row without a request.
    fn put(&self, rank: &Rank) {
        let shard = rank.id.bytes().fold(0_u8, u8::wrapping_add) % SHARDS;
        let item = json!({
            "pk": {"S": format!("rank#{shard}")}, "sk": {"S": rank.sort_key()}, "id": {"S": rank.id},
        });
        self.0.lock().unwrap().rows.insert(key(&item), item);
    }

    /// Rows read, and queries made, since this was last asked.
    fn counted(&self) -> (usize, usize) {
        let mut rows = self.0.lock().unwrap();
        (std::mem::take(&mut rows.read), std::mem::take(&mut rows.queries))
    }
}

fn rank(id: u64, score: u64) -> Rank {
    Rank { score, since: Timestamp::from_millis(1_767_521_825_000), id: format!("gig_{id:032x}") }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

async fn whole(store: &Store, limit: u32) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = LIST.page(store, limit, after.as_ref()).await.unwrap();
        assert!(page.ids.len() <= usize::try_from(limit).unwrap());
        seen.extend(page.ids);
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

#[test]
fn a_page_of_a_hundred_thousand_reads_a_page_of_each_partition() {
    let table = Table::default();
    let mut ranks: Vec<_> = (0..100_000).map(|id| rank(id, id * 7_919 % 10_007)).collect();
    ranks.iter().for_each(|rank| table.put(rank));
    ranks.sort_by(|one, other| other.cmp(one));
    let expected: Vec<_> = ranks.into_iter().map(|rank| rank.id).collect();
    let store = table.store();
    runtime().block_on(async {
        let mut after = None;
        for page in expected.chunks(20).take(50) {
            let found = LIST.page(&store, 20, after.as_ref()).await.unwrap();
            assert_eq!(found.ids, page);
            let (read, queries) = table.counted();
            // One more row of each partition says that the list goes on, and one is where the page before ended.
            assert!(read <= usize::from(SHARDS) * 22, "{read} rows");
            assert_eq!(queries, usize::from(SHARDS));
            after = found.next;
        }
        // What is far behind costs what is in front does.
        let far = rank(0, 3);
        let found = LIST.page(&store, 20, Some(&quoin_store::Key::new("rank", far.sort_key()))).await.unwrap();
        assert_eq!(found.ids.len(), 20);
        assert!(table.counted().0 <= usize::from(SHARDS) * 22);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn whatever_moves_is_in_the_list_once_and_where_its_score_puts_it(
        moves in prop::collection::vec((0_u64..12, prop::option::of(0_u64..5)), 0..40), limit in 1_u32..7,
    ) {
        let table = Table::default();
        let store = table.store();
        let mut standing: BTreeMap<u64, Rank> = BTreeMap::new();
        runtime().block_on(async {
            for (id, score) in moves {
                let to = score.map(|score| rank(id, score));
                let commit = LIST.moved(Commit::new(), standing.get(&id), to.as_ref());
                if standing.get(&id) != to.as_ref() {
                    store.commit(commit, &Default::default()).await.unwrap();
                }
                match to {
                    Some(to) => standing.insert(id, to),
                    None => standing.remove(&id),
                };
            }
            let mut expected: Vec<_> = standing.into_values().collect();
            expected.sort_by(|one, other| other.cmp(one));
            let expected: Vec<_> = expected.into_iter().map(|rank| rank.id).collect();
            assert_eq!(whole(&store, limit).await, expected);
        });
    }
}
