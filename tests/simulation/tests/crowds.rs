//! Registrations under faults: people rush in, their provider answers late, twice or never, and functions are stopped
//! between any two steps. Each registration ends as a member with a subscription, or as nothing.

use std::path::Path;

use quoin_simulation::history::{Script, Stage};
use quoin_simulation::parallel::each;

/// Histories, and how many people register in each of them. `make soak CROWD=25 HISTORIES=…` is the same at length.
const HISTORIES: u64 = 4;
const CROWD: usize = 25;

#[test]
#[ignore = "`make test` runs it: it takes a minute"]
fn registrations_under_faults_end_whole_or_as_nothing() {
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let scripts: Vec<_> = (1..=HISTORIES).map(|seed| Script::crowd(seed, CROWD)).collect();
    let outcomes = each(&scripts, |script| (script.replay(), stage.run(script, false).unwrap()));
    let (mut members, mut nothing) = (0, 0);
    for (command, outcome) in outcomes {
        assert_eq!(outcome.broken.first().map(ToString::to_string), None, "{command}");
        let count = |what: &str| outcome.counts.get(what).copied().unwrap_or(0);
        let (whole, none) =
            (count("reached: a member who registered"), count("reached: a registration that came to nothing"));
        assert_eq!(whole + none, u64::try_from(CROWD).unwrap(), "{command}: {whole} members, {none} came to nothing");
        (members, nothing) = (members + whole, nothing + none);
    }
    // Most cards pay in the end, and some never do.
    assert!(members > nothing && nothing > HISTORIES, "{members} members, {nothing} came to nothing");
}
