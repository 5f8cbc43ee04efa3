//! `sim`: one history in detail, or many histories.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use lexopt::prelude::{Long, ValueExt};

use crate::faults::{self, Fault, Plan};
use crate::history::{Outcome, REQUESTS, Script, Stage};
use crate::mutants::{self, Mutant};
use crate::parallel::each;
use crate::shrink::shrink;

const HELP: &str = "\
sim: runs the platform in one process under faults that a seed chooses

  sim --seed N [--steps N]                      one history, readably; a failing one is made as short as possible
  sim --histories N [--first SEED] [--steps N]  many histories on all cores; prints the seeds that fail

                                                without --steps each history draws how many it has: mostly few;
                                                with --crowd N it is N people who become members at once

  --bug NAME                                    with one of the deliberate bugs, to see how it is found

A failing history is printed with the command that runs its shortest part again, which has of one history

  --only 3,7,12 | none                          these steps only, by their numbers
  --without Late,Killed | all                   all faults but these
  --chance N                                    another chance for everything that this leaves open
";

#[derive(Debug, Default)]
struct Options {
    seed: Option<u64>,
    first: u64,
    /// As many as the history draws itself, if none are given.
    steps: Option<usize>,
    /// So many people who become members, in place of steps.
    crowd: Option<usize>,
    histories: u64,
    bug: Option<Mutant>,
    only: Option<Vec<usize>>,
    without: Vec<Fault>,
    chance: Option<u64>,
}

impl Options {
    fn script(&self, seed: u64) -> Script {
        let drawn = match (self.crowd, self.steps) {
            (Some(people), _) => Script::crowd(seed, people),
            (None, Some(steps)) => Script::draw(seed, steps),
            (None, None) => Script::of(seed),
        };
        let mut script = Script { mutant: self.bug, ..drawn };
        script.chance = self.chance.unwrap_or(seed);
        if let Some(only) = &self.only {
            script.steps.retain(|step| only.contains(&step.number));
        }
        let without = |plan: Plan, fault: &Fault| plan.without(*fault);
        script.plan = self.without.iter().fold(script.plan, without);
        script
    }

    /// Whether it is part of a history already.
    fn is_part(&self) -> bool {
        self.only.is_some() || !self.without.is_empty() || self.chance.is_some()
    }
}

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    match options(lexopt::Parser::from_env()).and_then(|options| options.map_or(Ok(true), |options| started(&options)))
    {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

/// The history that the arguments of a command ask for.
///
/// # Errors
/// If they ask for none.
pub fn script(arguments: impl Iterator<Item = String>) -> Result<Script, String> {
    let options = options(lexopt::Parser::from_args(arguments))?.ok_or("help was asked for")?;
    options.seed.map(|seed| options.script(seed)).ok_or_else(|| "no seed".to_owned())
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, String> {
    let mut options = Options { histories: 100, first: 1, ..Options::default() };
    let said = |error: lexopt::Error| error.to_string();
    while let Some(argument) = parser.next().map_err(said)? {
        let name = match argument {
            Long("help") => {
                say(HELP);
                return Ok(None);
            }
            Long(name) => name.to_owned(),
            other => return Err(other.unexpected().to_string()),
        };
        let value = parser.value().and_then(|value| value.string()).map_err(said)?;
        match name.as_str() {
            "seed" => options.seed = Some(number(&value)?),
            "first" => options.first = number(&value)?,
            "histories" => options.histories = number(&value)?,
            "steps" => options.steps = Some(number(&value)?),
            "crowd" => options.crowd = Some(number(&value)?),
            "chance" => options.chance = Some(number(&value)?),
            "bug" => options.bug = Some(named(&mutants::ALL, &value)?),
            "only" if value == "none" => options.only = Some(Vec::new()),
            "only" => options.only = Some(value.split(',').map(number).collect::<Result<_, _>>()?),
            "without" if value == "all" => options.without = faults::ALL.to_vec(),
            "without" => {
                options.without = value.split(',').map(|name| named(&faults::ALL, name)).collect::<Result<_, _>>()?;
            }
            _ => return Err(format!("there is no --{name}")),
        }
    }
    if options.crowd.is_some() && options.steps.is_some() {
        return Err("--crowd stands in place of --steps".to_owned());
    }
    if options.seed.is_none() && options.is_part() {
        return Err("--only, --without and --chance are for one --seed".to_owned());
    }
    Ok(Some(options))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

fn named<T: std::fmt::Debug + Copy>(all: &[T], name: &str) -> Result<T, String> {
    let found = all.iter().copied().find(|one| format!("{one:?}") == name);
    found.ok_or_else(|| format!("nothing is called {name}; there are {all:?}"))
}

fn started(options: &Options) -> Result<bool, String> {
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?;
    match options.seed {
        Some(seed) => one(&stage, &options.script(seed), options.is_part()),
        None => many(&stage, options),
    }
}

/// Shows one history, and if it fails a shorter one that fails too, unless it is part of one.
fn one(stage: &Stage, script: &Script, is_part: bool) -> Result<bool, String> {
    let outcome = stage.run(script, true)?;
    let Some(broken) = outcome.broken.first().filter(|_| !is_part) else {
        show(script, &outcome);
        return Ok(outcome.broken.is_empty());
    };
    outline(script, &outcome);
    say("\nlooking for a shorter history that fails …");
    let short = shrink(stage, script, broken.check, |shorter| say(&format!("  {} steps", shorter.steps.len())))?;
    let outcome = stage.run(&short, true)?;
    show(&short, &outcome);
    Ok(false)
}

fn show(script: &Script, outcome: &Outcome) {
    for line in outcome.trace.lines() {
        say(line);
    }
    outline(script, outcome);
    say(&format!("digest of the trace: {}", outcome.trace.digest()));
}

/// What was done and what went wrong.
fn script_told(script: &Script) -> String {
    let steps: String = script.steps.iter().map(|step| format!("  {step}\n")).collect();
    format!("steps\n{steps}\nfaults: {:?}\n", script.plan.faults().collect::<Vec<_>>())
}

/// What does not hold, and both sides of the first of it.
fn findings_told(outcome: &Outcome) -> String {
    let mut told: String = outcome.broken.iter().map(|broken| format!("BROKEN {broken}\n")).collect();
    if let Some(table) = outcome.broken.first().and_then(|broken| broken.table()) {
        told.push_str(&format!("\n{table}\n"));
    }
    told
}

/// A failing history as it is printed, without the counts of what happened in it.
#[must_use]
pub fn sample(script: &Script, outcome: &Outcome) -> String {
    format!("{}\n{}\nagain: {}\n", script_told(script), findings_told(outcome), script.replay())
}

/// What was done, what went wrong and what became of it.
fn outline(script: &Script, outcome: &Outcome) {
    say(&format!("\n{}", script_told(script)));
    tell(&outcome.counts);
    say(&findings_told(outcome));
    let verdict = if outcome.broken.is_empty() { "everything holds" } else { "broken" };
    say(&format!("seed {}: {verdict}", script.drawn.0));
    say(&format!("again: {}", script.replay()));
}

/// Runs many histories on all cores.
#[expect(clippy::disallowed_methods, reason = "how fast histories run is told in real time")]
fn many(stage: &Stage, options: &Options) -> Result<bool, String> {
    let (began, done) = (Instant::now(), AtomicU64::new(0));
    let seeds: Vec<_> = (options.first..).zip(0..options.histories).map(|(seed, _)| seed).collect();
    let outcomes = each(&seeds, |seed| {
        let script = options.script(*seed);
        let outcome = stage.run(&script, false)?;
        if let Some(broken) = outcome.broken.first() {
            say(&format!("{}: {broken}", script.replay()));
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(1_000) {
            say(&format!("{done} of {} histories", options.histories));
        }
        Ok::<_, String>((*seed, outcome.broken.is_empty(), outcome.counts))
    });
    let (mut counts, mut failed) = (BTreeMap::<String, u64>::new(), Vec::new());
    for outcome in outcomes {
        let (seed, holds, more) = outcome?;
        failed.extend((!holds).then_some(seed));
        for (name, count) in more {
            *counts.entry(name).or_default() += count;
        }
    }
    failed.sort_unstable();
    tell(&counts);
    let count = options.histories;
    let sum = |prefix: &str| -> u64 {
        counts.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, count)| count).sum()
    };
    let (requests, faults) = (sum(REQUESTS), sum("fault "));
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    let (each, a_minute) = (count.max(1), |done: u64| done.saturating_mul(60_000) / millis);
    say(&format!("{} requests and {} faults that had an effect in each history", requests / each, faults / each));
    say(&format!("{} histories and {} requests a minute", a_minute(count), a_minute(requests)));
    let steps = match (options.crowd, options.steps) {
        (Some(people), _) => format!("{people} people who become members"),
        (None, Some(steps)) => format!("{steps} steps"),
        (None, None) => "as many steps as they drew".to_owned(),
    };
    say(&format!("{count} histories of {steps} from seed {} on: {} failed {failed:?}", options.first, failed.len()));
    Ok(failed.is_empty())
}

fn tell(counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        say(&format!("{count:>9}  {name}"));
    }
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
