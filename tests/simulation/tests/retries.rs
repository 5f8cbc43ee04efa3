//! When a message that fails is tried again, on the virtual clock: with what the templates declare, not what a test sets.

use std::path::Path;

use quoin_simulation::history::Stage;
use quoin_simulation::rehearsal::Ask;
use serde_json::{Value, json};

/// The schedule, in seconds.
const SCHEDULE: [u64; 5] = [1, 5, 30, 300, 3_600];
/// What a message takes from becoming visible to the try's first call, in seconds, and the fractions left out.
const SLACK: u64 = 2;

fn ask(method: &'static str, path: &str, body: Value) -> Ask {
    Ask { user: 1, roles: "user,operator", method, path: path.to_owned(), body }
}

/// The seconds at which lines of the trace with `text` happened.
fn seconds(lines: &[String], text: &str) -> Vec<u64> {
    let of = lines.iter().filter(|line| line.contains(text));
    of.map(|line| line.trim_start().split(['.', ' ']).next().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_message_that_fails_is_tried_by_the_schedule_and_is_a_dead_letter_then() {
    let merchant = json!({
        "name": "Fresh Mart", "company": "bizone", "active": true, "min_order_value": 0, "delivery_pincodes": ["560001"],
    });
    let order = json!({
        "merchant_id": "m2_silent", "items": [{"product_id": "p1", "quantity": 1}], "session_id": "sess_1",
        "delivery": {"address": {"line1": "123, MG Road", "city": "Bangalore", "pincode": "560001"}},
    });
    let asks = vec![
        ask("PUT", "/api/merchants/m2_silent", merchant),
        ask("PUT", "/api/merchants/m2_silent/products/p1", json!({"name": "Bread", "unit_price": 1, "stock": 9})),
        ask("POST", "/api/wallets/{user}/adjustments", json!({"asset": "cash", "amount": 9, "reason": "for a test"})),
        ask("POST", "/api/orders", order),
    ];
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let (answers, trace) = stage.rehearse(asks).unwrap();
    assert!(answers.iter().all(|(status, _)| *status < 300), "{answers:?}");
    let connector = |what: &str| seconds(trace.lines(), &format!("quoin-dev-merchant-connector -> {what}"));
    // Each failed try but the last leaves its message invisible for a while.
    let postponed = connector("ChangeMessageVisibility");
    assert_eq!(postponed.len(), SCHEDULE.len(), "{postponed:?}");
    // Each try but the first asks where the order stands.
    let asked = connector("GET");
    for ((failed, again), pause) in postponed.iter().zip(&asked).zip(SCHEDULE) {
        let waited = again - failed;
        assert!((pause..=pause + SLACK).contains(&waited), "{waited} s where the schedule has {pause} s");
    }
    let letters = trace.lines().iter().filter(|line| line.contains("quoin-dev-merchant-connector -> SendMessage"));
    assert_eq!(letters.count(), 1, "a dead letter, once");
}
