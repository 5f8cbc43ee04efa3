//! Histories under faults: fixed ones, fresh ones, and ones with a bug that must be found.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::OnceLock;

use quoin_simulation::faults::Plan;
use quoin_simulation::history::{Outcome, Script, Stage};
use quoin_simulation::mutants::{self, Mutant};
use quoin_simulation::parallel::each;

/// Steps of a history.
const STEPS: usize = 30;
/// Histories of the fixed set, and fresh ones.
const FIXED: u64 = 60;
const FRESH: u64 = 20;

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap())
}

fn run(script: &Script) -> Outcome {
    stage().run(script, false).unwrap()
}

/// Runs the histories of `seeds`; what broke, and how often each thing happened.
fn all(seeds: impl Iterator<Item = u64>) -> (Vec<String>, BTreeMap<String, u64>) {
    let outcomes = each(&seeds.collect::<Vec<_>>(), |seed| (*seed, run(&Script::draw(*seed, STEPS))));
    let (mut broken, mut counts) = (Vec::new(), BTreeMap::<String, u64>::new());
    for (seed, outcome) in outcomes {
        broken.extend(outcome.broken.first().map(|what| format!("make sim SEED={seed} STEPS={STEPS}: {what}")));
        for (name, count) in outcome.counts {
            *counts.entry(name).or_default() += count;
        }
    }
    (broken, counts)
}

#[test]
#[ignore = "`make test` runs it: it takes a minute"]
fn no_fault_loses_or_doubles_money_and_the_interesting_paths_are_reached() {
    let (broken, counts) = all(1..=FIXED);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    for path in [
        "answer 201",
        "answer 202",
        "answer 422",
        "answer repeated",
        "condition refused",
        "stopped",
        "outcome duplicate",
        "outcome failed",
        "outcome ignored",
        "refused MARKET_SUSPENDED",
        "refused ODDS_CHANGED",
        "refused SELF_EXCLUDED",
        "refused WALLET_INSUFFICIENT_BALANCE",
        "reached: a conflict, then success",
        "reached: a result before the index",
        "reached: a dead letter with its reason",
        "reached: poison, parked with its reason",
        "reached: a bet that its owner cancelled",
        "reached: a bet that the feed cancelled",
        "reached: a settled bet that became void",
        "reached: a settlement that was corrected",
        "reached: a correction, collected",
        "reached: a late yes, paid",
        "reached: a refused stake, told",
        "reached: a reached limit, told",
    ] {
        let reached = counts.iter().any(|(name, count)| name.ends_with(path) && *count > 0);
        assert!(reached, "{path} was never reached in {FIXED} histories: {counts:#?}");
    }
    for fault in quoin_simulation::faults::ALL {
        assert!(counts.contains_key(&format!("fault {fault:?}")), "{fault:?} never happened");
    }
}

#[test]
#[ignore = "`make test` runs it: it takes a minute"]
fn fresh_histories_hold_too() {
    let first: u64 = std::collections::hash_map::RandomState::new().hash_one(0) % 1_000_000_000;
    let (broken, _) = all(first..first + FRESH);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn one_seed_is_one_history() {
    for seed in [3, 7, 11] {
        let digests = [(); 2].map(|()| stage().run(&Script::draw(seed, STEPS), true).unwrap().trace.digest());
        assert_eq!(digests[0], digests[1], "seed {seed}");
    }
}

#[test]
fn a_calm_history_needs_no_retry() {
    let script = Script { plan: Plan::calm(), ..Script::draw(5, STEPS) };
    let outcome = run(&script);
    assert_eq!(outcome.broken, Vec::new());
    assert_eq!(outcome.counts.keys().find(|name| name.starts_with("fault")), None);
}

#[test]
#[ignore = "`make test` runs it: it takes a minute"]
fn every_deliberate_bug_is_found() {
    let mut missed = each(&mutants::ALL, |mutant| (!is_found(*mutant)).then_some(*mutant));
    missed.retain(Option::is_some);
    assert!(missed.is_empty(), "not found: {missed:?}");
}

fn is_found(mutant: Mutant) -> bool {
    (1..=FIXED).any(|seed| {
        let script = Script { mutant: Some(mutant), ..Script::draw(seed, STEPS) };
        run(&script).broken.iter().any(|broken| mutant.found_by().contains(&broken.check))
    })
}
