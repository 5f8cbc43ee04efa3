//! The command line: one history in detail, many histories, or a soak.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::history::{Script, Stage};

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut option = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        let value = args.get(at + 1)?.parse::<u64>().ok()?;
        args.drain(at..=at + 1);
        Some(value)
    };
    let (seed, steps, histories) =
        (option("--seed"), option("--steps").unwrap_or(30), option("--histories").unwrap_or(100));
    let steps = usize::try_from(steps).unwrap_or(30);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let stage = match Stage::set(&root) {
        Ok(stage) => stage,
        Err(error) => {
            say(&error);
            return ExitCode::FAILURE;
        }
    };
    match seed {
        Some(seed) if histories == 100 => one(&stage, seed, steps),
        first => many(&stage, first.unwrap_or(1), histories, steps),
    }
}

fn one(stage: &Stage, seed: u64, steps: usize) -> ExitCode {
    let script = Script::draw(seed, steps);
    match stage.run(&script, true) {
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
        Ok(outcome) => {
            for line in outcome.trace.lines() {
                say(line);
            }
            for (name, count) in &outcome.counts {
                say(&format!("{count:>8} {name}"));
            }
            for broken in &outcome.broken {
                say(&format!("BROKEN {broken}"));
            }
            say(&format!("seed {seed}, trace {}", outcome.trace.digest()));
            if outcome.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

fn many(stage: &Stage, first: u64, histories: u64, steps: usize) -> ExitCode {
    let (mut counts, mut failed): (BTreeMap<String, u64>, Vec<u64>) = Default::default();
    for seed in first..first + histories {
        match stage.run(&Script::draw(seed, steps), false) {
            Ok(outcome) => {
                for (name, count) in outcome.counts {
                    *counts.entry(name).or_default() += count;
                }
                if let Some(broken) = outcome.broken.first() {
                    say(&format!("seed {seed}: {broken}"));
                    failed.push(seed);
                }
            }
            Err(error) => {
                say(&format!("seed {seed}: {error}"));
                failed.push(seed);
            }
        }
    }
    for (name, count) in &counts {
        say(&format!("{count:>8} {name}"));
    }
    say(&format!("{histories} histories of {steps} steps, {} failed {failed:?}", failed.len()));
    let _ = Duration::ZERO;
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
