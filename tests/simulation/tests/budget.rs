//! What a command costs: its requests to AWS and the items that it writes, counted on the wire of a calm history.

use std::path::Path;

use quoin_simulation::faults::Plan;
use quoin_simulation::history::{Script, Stage};
use quoin_simulation::rehearsal::Ask;
use quoin_simulation::scenario::{Accept, Action, Said, Step};
use serde_json::{Value, json};

const SECOND: u64 = 1_000_000;

/// The requests of `function` as the trace has them: the action, and how many items a transaction has.
fn requests(lines: &[String], function: &str) -> Vec<String> {
    let said = format!("quoin-dev-{function} -> ");
    let requests = lines.iter().filter_map(|line| line.split_once(&said)).map(|(_, request)| request);
    let named = requests.map(|request| {
        let (action, keys) = request.split_once(' ').unwrap_or((request, ""));
        if action == "TransactWriteItems" {
            format!("{action} {}", keys.split(", ").count())
        } else {
            action.to_owned()
        }
    });
    named.collect()
}

#[test]
fn commands_keep_to_their_round_trips_and_items() {
    let market = (0, 0);
    let bet = |cents| Action::Bet { user: 0, legs: vec![(market, 0)], cents, is_bonus: false, accept: Accept::Any };
    let said = |is_won| Said { is_won, void: 0, heat: 1_000 };
    let actions = [
        Action::Deposit { user: 0, cents: 10_000, method: "sandbox" },
        Action::Odds { market, odds: vec![215, 340, 305] },
        bet(1_000),
        bet(1_000_000),
        Action::Result { market, results: vec![said(true), said(false), said(false)], certainty: 2 },
    ];
    let steps = (0..).zip(actions).map(|(number, action)| Step { number, at: 60 * SECOND * number as u64, action });
    let (steps, plan) = (steps.collect(), Plan::calm());
    let script = Script { days: 1, is_settled: true, is_by_aws: false, steps, plan, ..Script::draw(1, 0) };
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let outcome = stage.run(&script, true).unwrap();
    assert!(outcome.broken.is_empty(), "{:?}", outcome.broken);
    let lines = outcome.trace.lines();
    // One read and one write; the refused one writes its receipt and the failure alone.
    let placed = ["BatchGetItem", "TransactWriteItems 3", "BatchGetItem", "PutItem"];
    assert_eq!(requests(lines, "place-bet"), placed);
    assert_eq!(requests(lines, "wallet-deposits"), ["GetItem", "TransactWriteItems 3"]);
    assert_eq!(requests(lines, "wallet-payouts"), ["GetItem", "TransactWriteItems 3"]);
    assert_eq!(requests(lines, "settle-bets"), ["Query", "PutItem"]);
}

fn operator(method: &'static str, path: &str, body: Value) -> Ask {
    Ask { user: 0, roles: "user,operator", method, path: path.to_owned(), body }
}

fn order(items: &[(&str, u32)], campaign: Option<&str>) -> Ask {
    let items: Vec<_> = items.iter().map(|(id, quantity)| json!({"product_id": id, "quantity": quantity})).collect();
    let address = json!({"line1": "123, MG Road", "city": "Bangalore", "pincode": "560001"});
    let mut body = json!({
        "merchant_id": "m1", "items": items, "delivery": {"address": address}, "session_id": "sess_1",
    });
    if let Some(code) = campaign {
        body["campaign_code"] = json!(code);
    }
    Ask { user: 1, roles: "user", method: "POST", path: "/api/orders".to_owned(), body }
}

fn products(ids: &[&str], stock: u32) -> Vec<Ask> {
    let product = |id: &&str| {
        let body = json!({"name": "Bread", "unit_price": 1, "stock": stock});
        operator("PUT", &format!("/api/merchants/m1/products/{id}"), body)
    };
    ids.iter().map(product).collect()
}

/// What the orders of `asks` cost, after a merchant and a campaign are set up and money is given; the answers' statuses.
fn cost_of(orders: Vec<Ask>, stock: u32) -> (Vec<u16>, Vec<String>) {
    let merchant = json!({
        "name": "Fresh Mart", "company": "bizone", "active": true, "min_order_value": 0,
        "delivery_pincodes": ["560001"],
    });
    let campaign = json!({
        "merchant_id": "m1", "discount": {"type": "fixed", "amount": 1}, "active": true, "max_uses": 1000,
    });
    let gift = json!({"asset": "cash", "amount": 1000, "reason": "for a test"});
    let mut asks = vec![
        operator("PUT", "/api/order-rules/user_kyc", json!({"enabled": false})),
        operator("PUT", "/api/merchants/m1", merchant),
        operator("PUT", "/api/order-campaigns/CAPPED", campaign),
        Ask { user: 1, ..operator("POST", "/api/wallets/{user}/adjustments", gift) },
    ];
    asks.extend(products(&["p1", "p2"], stock));
    let before = asks.len();
    asks.extend(orders);
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let (answers, trace) = stage.rehearse(asks).unwrap();
    assert!(answers.iter().take(before).all(|(status, _)| (200..300).contains(status)), "{answers:?}");
    (answers.iter().skip(before).map(|(status, _)| *status).collect(), requests(trace.lines(), "place-order"))
}

#[test]
fn an_account_with_all_that_belongs_to_it_is_one_write() {
    let person = json!({
        "phone": "+4915112345678", "email": "somebody.new@example.com", "password": "correct horse battery staple",
        "full_name": "Somebody New", "country": "DE", "language": "en",
    });
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let ask = Ask { user: 0, roles: "", method: "POST", path: "/api/users".to_owned(), body: person };
    let (answers, trace) = stage.rehearse(vec![ask]).unwrap();
    assert_eq!(answers[0].0, 201, "{answers:?}");
    // Stream, wallet, data key, profile, credential, and three claims.
    assert_eq!(requests(trace.lines(), "register-user"), ["GenerateDataKey", "TransactWriteItems 8"]);
}

#[test]
fn an_order_is_one_read_and_one_write() {
    let (answers, cost) = cost_of(
        vec![
            order(&[("p1", 2), ("p2", 5)], Some("CAPPED")),
            order(&[("p1", 1)], None),
            order(&[("p1", 1)], Some("NOSUCH")),
            order(&[("p1", 900)], None),
        ],
        100_000,
    );
    assert_eq!(answers, [201, 201, 422, 201]);
    // The person's key is fetched once. Order, wallet and its stream; a counter a line; one of the capped campaign.
    let expected = [
        ["GetItem", "Decrypt", "BatchGetItem", "TransactWriteItems 6"].as_slice(),
        &["BatchGetItem", "TransactWriteItems 4"],
        &["BatchGetItem", "PutItem"],
        &["BatchGetItem", "TransactWriteItems 4"],
    ];
    assert_eq!(cost, expected.concat());
}

#[test]
fn an_order_that_finds_too_little_in_one_part_reads_the_others_once() {
    let (answers, cost) = cost_of(vec![order(&[("p1", 4)], None), order(&[("p1", 1)], None)], 4);
    assert_eq!(answers, [201, 422]);
    let expected = [
        ["GetItem", "Decrypt", "BatchGetItem", "BatchGetItem", "TransactWriteItems 7"].as_slice(),
        &["BatchGetItem", "BatchGetItem", "PutItem"],
    ];
    assert_eq!(cost, expected.concat());
}
