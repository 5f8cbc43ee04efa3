//! Histories under faults: of a fixed length and of any, and ones with a bug that must be found.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use quoin_simulation::command_line;
use quoin_simulation::credits::{Deed, Goal};
use quoin_simulation::faults::Plan;
use quoin_simulation::history::{Outcome, Script, Stage};
use quoin_simulation::mutants::{self, Mutant};
use quoin_simulation::parallel::{each, first};
use quoin_simulation::scenario::{Action, Contacts, Matter, Step};
use quoin_simulation::shrink::shrink;

/// Steps of a history.
const STEPS: usize = 30;
/// Histories of the fixed set.
const FIXED: u64 = 60;
/// More of them until each path was taken.
const PATHS: u64 = 100;
/// Of these the seed draws how many steps they have.
const FURTHER: u64 = 1_000_000;
const FURTHER_COUNT: u64 = 40;

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap())
}

fn run(script: &Script) -> Outcome {
    run_traced(script, false)
}

fn run_traced(script: &Script, is_traced: bool) -> Outcome {
    stage().run(script, is_traced).unwrap_or_else(|error| panic!("{}: {error}", script.replay()))
}

/// Runs `scripts`; what broke, and how often each thing happened.
fn all(scripts: impl Iterator<Item = Script>) -> (Vec<String>, BTreeMap<String, u64>) {
    let outcomes = each(&scripts.collect::<Vec<_>>(), |script| (script.replay(), run(script)));
    let (mut broken, mut counts) = (Vec::new(), BTreeMap::<String, u64>::new());
    for (command, outcome) in outcomes {
        broken.extend(outcome.broken.first().map(|what| format!("{command}: {what}")));
        for (name, count) in outcome.counts {
            *counts.entry(name).or_default() += count;
        }
    }
    (broken, counts)
}

#[test]
#[ignore = "`make test` runs it: it takes a minute"]
fn no_fault_loses_or_doubles_money_and_the_interesting_paths_are_reached() {
    let drawn = (1..=PATHS).map(|seed| Script::draw(seed, STEPS));
    let (broken, counts) = all(drawn.chain((1..=4).flat_map(|seed| [a_member(seed), what_is_seldom(seed)])));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let paths = [
        "answer 201",
        "answer 202",
        "answer 422",
        "answer repeated",
        "condition refused",
        "object condition refused",
        "outcome killed",
        "outcome timed out",
        "outcome duplicate",
        "outcome failed",
        "outcome ignored",
        "refused MARKET_SUSPENDED",
        "refused ODDS_CHANGED",
        "refused SELF_EXCLUDED",
        "refused WALLET_INSUFFICIENT_BALANCE",
        "reached: a conflict, then success",
        "reached: a result before the index",
        "reached: a transaction that was sent again, done once",
        "reached: a dead connection that says nothing",
        "reached: several entries, some not taken",
        "reached: a batch, partly handled",
        "reached: a dead letter with its reason",
        "reached: crashed into the dead letters",
        "reached: poison, parked with its reason",
        "reached: a bet that its owner cancelled",
        "reached: a bet that the feed cancelled",
        "reached: a settled bet that became void",
        "reached: a settlement that was corrected",
        "reached: a correction, collected",
        "reached: a debt, repaid",
        "reached: a late yes, paid",
        "reached: a forged callback, refused",
        "reached: sandbox, succeeded",
        "reached: sandbox_decline, failed",
        "reached: sandbox_decline, succeeded",
        "reached: sandbox_late, succeeded",
        "reached: sandbox_silent, failed",
        "reached: sandbox_twice, succeeded",
        "reached: money that expired",
        "reached: an item that expired",
        "reached: quoin-dev-report-projector is told of an event that it has forgotten",
        "reached: a refused stake, told",
        "reached: a reached limit, told",
        "reached: a closed part of the warehouse",
        "reached: an order that its merchant has",
        "reached: an order, refunded",
        "reached: an order that its merchant refused",
        "reached: an order whose merchant was not reached",
        "reached: an order that several assets paid",
        "reached: an order that cost nothing",
        "reached: an order that its merchant was asked again to take",
        "reached: cashback, granted",
        "refused CAMPAIGN_NOT_ELIGIBLE",
        "refused DELIVERY_ZONE",
        "refused FRAUD_REVIEW",
        "refused KYC_REQUIRED",
        "refused MIN_ORDER_VALUE",
        "refused OUT_OF_STOCK",
        "outcome parked",
        "reached: a person who registered",
        "reached: a registration, answered again",
        "reached: a registration with what somebody has, refused",
        "reached: two registrations with one address at once, one of them refused",
        "reached: a message, handed over again under its key",
        "reached: a message, refused",
        "reached: a message that was given up, and sent after all",
        "reached: a receipt for a message that is not known yet",
        "reached: a message that AWS has",
        "reached: a message, handed to AWS again",
        "reached: a message, refused by AWS",
        "reached: an event of the next major version, parked with its reason",
        "reached: the verifier walks the journal while it is written",
        "reached: a member who registered",
        "reached: a registration that came to nothing",
        "reached: a period, renewed",
        "reached: a period that could not be charged",
        "reached: a change of plan",
        "reached: a boost that ended",
        "reached: a boost that the clean-up ended",
        "reached: a boost's event, delivered again and dropped",
        "reached: a boost, read in quarter 1",
        "reached: a boost, read in quarter 2",
        "reached: a boost, read in quarter 3",
        "reached: a boost, read in quarter 4",
        "reached: a boost, not read after its end",
        "reached: a clan that was given credits",
        "reached: a list in the order of several scores",
        "refused GIG_NOT_COMPLETED",
        "refused NOT_A_MEMBER",
        "refused SELF_BOOST",
        "refused TARGET_ENDED",
        "refused TARGET_NOT_FOUND",
    ];
    let missed: Vec<_> = paths.into_iter().filter(|path| !counts.contains_key(*path)).collect();
    assert!(missed.is_empty(), "never reached in {PATHS} histories: {missed:?}, in all of {counts:#?}");
    for fault in quoin_simulation::faults::ALL {
        assert!(counts.contains_key(&format!("fault {fault:?}")), "{fault:?} never happened");
    }
}

/// Few of those who are drawn are members for long enough to change their plan.
fn a_member(seed: u64) -> Script {
    let join = Action::Join { email: 1, plan: "monthly", token: "tok_approve" };
    let change = Action::Member { member: 0, what: Matter::Change("yearly") };
    Script { steps: at([(1, join), (3 * 86_400, change)]), ..Script::draw(seed, 0) }
}

/// Of those who are drawn, few wait for the same thing at the right moment.
fn what_is_seldom(seed: u64) -> Script {
    let who = |number| Contacts { email: number, phone: number };
    let mut actions = vec![
        (1, Action::Deposit { user: 0, cents: 5_000, method: "sandbox_decline" }),
        (2, Action::Deposit { user: 1, cents: 5_000, method: "sandbox" }),
        (3, Action::Limit { user: 2, kind: "deposit", cents: 5_000 }),
        (60, Action::Deposit { user: 2, cents: 5_000, method: "sandbox" }),
        (300, Action::Forged { user: 0 }),
        (600, Action::YesAfterAll { user: 0 }),
        (900, Action::Credits { user: 1, deed: Deed::Buy { credits: 100 } }),
    ];
    actions.extend(
        [(10, 0), (70, 1), (130, 2)].map(|(at, number)| (at, Action::Register { who: who(number), rival: None })),
    );
    let boosts =
        [Goal::Nowhere, Goal::Profile(1)].map(|goal| Deed::Boost { goal, credits: 1, hours: 1, times: 1, look: None });
    actions.extend(boosts.map(|deed| (3_600, Action::Credits { user: 1, deed })));
    Script { steps: at(actions), ..Script::draw(seed, 0) }
}

/// Actions, each after so many seconds.
fn at(actions: impl IntoIterator<Item = (u64, Action)>) -> Vec<Step> {
    let steps = (0..).zip(actions);
    steps.map(|(number, (seconds, action))| Step { number, at: seconds * 1_000_000, action }).collect()
}

#[test]
fn one_boost_more_than_may_run_is_refused() {
    let boost = Deed::Boost { goal: Goal::Profile(1), credits: 1, hours: 168, times: 21, look: Some(0) };
    let deed = |deed| Action::Credits { user: 0, deed };
    let actions = [
        (0, Action::Deposit { user: 0, cents: 10_000, method: "sandbox" }),
        (30, deed(Deed::Buy { credits: 100 })),
        (60, deed(boost)),
    ];
    let outcome = run(&Script { steps: at(actions), plan: Plan::calm(), is_settled: true, ..Script::draw(1, 0) });
    assert_eq!(outcome.broken, Vec::new());
    assert_eq!(outcome.counts.get("reached: a boost too many, refused"), Some(&1));
}

#[test]
#[ignore = "`make test` runs it: it takes a minute"]
fn further_histories_hold_too() {
    // The same ones each time: what a change breaks is not to depend on luck. `make soak` draws fresh ones.
    let (broken, _) = all((FURTHER..FURTHER + FURTHER_COUNT).map(Script::of));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn one_seed_is_one_history() {
    for seed in [3, 7, 11] {
        let [one, other] = [(); 2].map(|()| run_traced(&Script::draw(seed, STEPS), true));
        assert_eq!(one.trace.digest(), other.trace.digest(), "seed {seed}");
        assert_eq!((one.broken, one.counts), (other.broken, other.counts), "seed {seed}");
        assert!(!one.tables.is_empty());
        assert_eq!(one.tables, other.tables, "seed {seed}");
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
fn a_shorter_history_fails_by_the_same_check_and_its_command_runs_it_again() {
    let (script, check) = (1..=FIXED)
        .map(|seed| Script { mutant: Some(Mutant::PointsTwice), ..Script::draw(seed, STEPS) })
        .find_map(|script| Some((script.clone(), run(&script).broken.first()?.check)))
        .unwrap();
    let short = shrink(stage(), &script, check, |_| {}).unwrap();
    let broken = run(&short).broken;
    assert_eq!(broken.first().map(|broken| broken.check), Some(check));
    assert!(short.steps.len() < script.steps.len() && short.plan.faults().count() < script.plan.faults().count());
    assert_eq!(command_line::script(arguments(&short.replay())), Ok(short));
}

#[test]
#[ignore = "`make test` runs it: it takes a minute"]
fn every_deliberate_bug_is_found() {
    let missed: Vec<_> = mutants::ALL.into_iter().filter(|mutant| !is_found(*mutant)).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

/// The arguments of the command that `words` are.
fn arguments(words: &str) -> impl Iterator<Item = String> {
    words.split(' ').skip(2).map(|word| {
        let (name, value) = word.split_once('=').unwrap();
        format!("--{}={value}", name.to_lowercase())
    })
}

#[test]
fn the_sample_that_the_readme_shows_is_what_is_printed() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let shown =
        readme.split("<!-- sim:begin -->\n```\n").nth(1).and_then(|rest| rest.split("```\n<!-- sim:end -->").next());
    let shown = shown.unwrap();
    let again = shown.lines().find_map(|line| line.strip_prefix("again: ")).unwrap();
    let script = command_line::script(arguments(again)).unwrap();
    assert_eq!(shown, command_line::sample(&script, &run(&script)));
}

/// Whether one of the fixed histories finds it, and shows both sides; the search ends with the first that does.
fn is_found(mutant: Mutant) -> bool {
    let seeds: Vec<_> = (1..=PATHS).collect();
    let found_by = first(&seeds, |seed| {
        let script = Script { mutant: Some(mutant), ..Script::draw(*seed, STEPS) };
        let outcome = run(&script);
        let found = outcome.broken.iter().find(|broken| mutant.found_by().contains(&broken.check));
        // Whoever has to mend it sees what should be beside what is.
        found.is_some_and(|broken| broken.table().is_some()).then_some(*seed)
    });
    found_by.is_some()
}
