//! Histories under faults: fixed ones, fresh ones, and ones with a bug that must be found.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use quoin_simulation::faults::Plan;
use quoin_simulation::history::{Outcome, Script, Stage};
use quoin_simulation::mutants::{self, Mutant};

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

/// Runs the histories of `seeds` on all cores; what broke, and how often each thing happened.
fn all(seeds: impl Iterator<Item = u64>) -> (Vec<String>, BTreeMap<String, u64>) {
    let seeds: Vec<_> = seeds.collect();
    let next = AtomicU64::new(0);
    let results = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..std::thread::available_parallelism().map_or(1, usize::from))
            .map(|_| {
                scope.spawn(|| {
                    let (mut broken, mut counts) = (Vec::new(), BTreeMap::<String, u64>::new());
                    while let Some(seed) = seeds.get(usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap()) {
                        let outcome = run(&Script::draw(*seed, STEPS));
                        broken.extend(
                            outcome.broken.first().map(|what| format!("make sim SEED={seed} STEPS={STEPS}: {what}")),
                        );
                        for (name, count) in outcome.counts {
                            *counts.entry(name).or_default() += count;
                        }
                    }
                    (broken, counts)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
    });
    let (mut broken, mut counts) = (Vec::new(), BTreeMap::<String, u64>::new());
    for (more, parts) in results {
        broken.extend(more);
        for (name, count) in parts {
            *counts.entry(name).or_default() += count;
        }
    }
    (broken, counts)
}

#[test]
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
    ] {
        let reached = counts.iter().any(|(name, count)| name.ends_with(path) && *count > 0);
        assert!(reached, "{path} was never reached in {FIXED} histories: {counts:#?}");
    }
    for fault in quoin_simulation::faults::ALL {
        assert!(counts.contains_key(&format!("fault {fault:?}")), "{fault:?} never happened");
    }
}

#[test]
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
    assert_eq!(outcome.broken, Vec::<String>::new());
    assert_eq!(outcome.counts.keys().find(|name| name.starts_with("fault")), None);
}

#[test]
fn every_deliberate_bug_is_found() {
    let mut missed = Vec::new();
    for mutant in mutants::ALL {
        if !is_found(mutant) {
            missed.push(mutant);
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

fn is_found(mutant: Mutant) -> bool {
    (1..=60).any(|seed| {
        let script = Script { mutant: Some(mutant), ..Script::draw(seed, STEPS) };
        !run(&script).broken.is_empty()
    })
}
