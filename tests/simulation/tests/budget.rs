//! What a command costs: its requests to AWS and the items that it writes, counted on the wire of a calm history.

use std::path::Path;

use quoin_simulation::faults::Plan;
use quoin_simulation::history::{Script, Stage};
use quoin_simulation::scenario::{Accept, Action, Said, Step};

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
    let script = Script { seed: 1, steps: steps.collect(), plan: Plan::calm(), mutant: None };
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
