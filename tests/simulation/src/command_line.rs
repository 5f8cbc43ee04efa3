//! `sim`: one history in detail, or many histories.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use lexopt::prelude::{Long, ValueExt};

use crate::history::{Outcome, Script, Stage};
use crate::mutants::{self, Mutant};
use crate::parallel::each;
use crate::shrink::shrink;

const HELP: &str = "\
sim: runs the platform in one process under faults that a seed chooses

  sim --seed N [--steps N]                      one history, readably; a failing one is made as short as possible
  sim --histories N [--first SEED] [--steps N]  many histories on all cores; prints the seeds that fail

  --bug NAME                                    with one of the deliberate bugs, to see how it is found
";

#[derive(Debug, Default)]
struct Options {
    seed: Option<u64>,
    first: u64,
    steps: usize,
    histories: u64,
    bug: Option<Mutant>,
}

impl Options {
    fn script(&self, seed: u64) -> Script {
        Script { mutant: self.bug, ..Script::draw(seed, self.steps) }
    }
}

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    match options().and_then(|options| options.map_or(Ok(true), |options| started(&options))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options { steps: 30, histories: 100, first: 1, ..Options::default() };
    let mut parser = lexopt::Parser::from_env();
    let said = |error: lexopt::Error| error.to_string();
    while let Some(argument) = parser.next().map_err(said)? {
        let name = match argument {
            Long(name @ ("seed" | "first" | "histories" | "steps")) => name.to_owned(),
            Long("bug") => {
                let name = parser.value().and_then(|value| value.string()).map_err(said)?;
                options.bug = Some(named(&name)?);
                continue;
            }
            Long("help") => {
                say(HELP);
                return Ok(None);
            }
            other => return Err(other.unexpected().to_string()),
        };
        let number = parser.value().and_then(|value| value.parse::<u64>()).map_err(said)?;
        match name.as_str() {
            "seed" => options.seed = Some(number),
            "first" => options.first = number,
            "histories" => options.histories = number,
            _ => options.steps = usize::try_from(number).map_err(|error| error.to_string())?,
        }
    }
    Ok(Some(options))
}

fn named(bug: &str) -> Result<Mutant, String> {
    mutants::ALL
        .into_iter()
        .find(|mutant| format!("{mutant:?}") == bug)
        .ok_or_else(|| format!("no bug is called {bug}; there are {:?}", mutants::ALL))
}

fn started(options: &Options) -> Result<bool, String> {
    let stage = Stage::set(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?;
    match options.seed {
        Some(seed) => one(&stage, &options.script(seed)),
        None => many(&stage, options),
    }
}

/// Shows one history, and if it fails a shorter one that fails too.
fn one(stage: &Stage, script: &Script) -> Result<bool, String> {
    let outcome = stage.run(script, true)?;
    if outcome.broken.is_empty() {
        show(script, &outcome);
        return Ok(true);
    }
    outline(script, &outcome);
    say("\nlooking for a shorter history that fails …");
    let short = shrink(stage, script, |shorter| say(&format!("  {} steps", shorter.steps.len())))?;
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

/// What was done, what went wrong and what became of it.
fn outline(script: &Script, outcome: &Outcome) {
    say("\nsteps");
    for step in &script.steps {
        say(&format!("  {step}"));
    }
    say(&format!("\nfaults: {:?}\n", script.plan.faults().collect::<Vec<_>>()));
    tell(&outcome.counts);
    for broken in &outcome.broken {
        say(&format!("BROKEN {broken}"));
    }
    let verdict = if outcome.broken.is_empty() { "everything holds" } else { "broken" };
    say(&format!("seed {}: {verdict}", script.seed));
}

/// Runs many histories on all cores.
fn many(stage: &Stage, options: &Options) -> Result<bool, String> {
    let done = AtomicU64::new(0);
    let seeds: Vec<_> = (options.first..).zip(0..options.histories).map(|(seed, _)| seed).collect();
    let outcomes = each(&seeds, |seed| {
        let outcome = stage.run(&options.script(*seed), false)?;
        if let Some(broken) = outcome.broken.first() {
            say(&format!("seed {seed}: {broken}"));
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(100) {
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
    let (count, steps) = (options.histories, options.steps);
    say(&format!(
        "{count} histories of {steps} steps from seed {} on: {} failed {failed:?}",
        options.first,
        failed.len()
    ));
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
