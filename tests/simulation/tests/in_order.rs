//! A consumer in order beside the platform, under all its faults.

use std::collections::BTreeMap;
use std::path::Path;

use quoin_simulation::history::{Script, Stage};
use quoin_simulation::parallel::each;

/// Histories, and steps of each.
const HISTORIES: u64 = 10;
const STEPS: usize = 30;

#[test]
#[ignore = "`make test` runs it: it takes a minute"]
fn every_event_is_applied_once_and_in_order_whatever_is_late_repeated_refused_or_lost() {
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap().with_follower().unwrap();
    let seeds: Vec<u64> = (1..=HISTORIES).collect();
    let outcomes = each(&seeds, |seed| (*seed, stage.run(&Script::draw(*seed, STEPS), false).unwrap()));
    let mut counts = BTreeMap::<String, u64>::new();
    for (seed, outcome) in outcomes {
        assert!(outcome.broken.is_empty(), "seed {seed}: {}", outcome.broken[0]);
        for (name, count) in outcome.counts {
            *counts.entry(name).or_default() += count;
        }
    }
    for path in ["outcome parked", "outcome duplicate", "reached: an event, followed", "reached: a gap, filled"] {
        assert!(counts.contains_key(path), "{path} was never reached: {counts:#?}");
    }
}
