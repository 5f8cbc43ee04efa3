//! The command line of operators. `quoin verify` proves that no cent is unexplained, or names the first that is.
//!
//! It only reads. Credentials, region and endpoint come from the environment; tables are found by the stage's names.

mod access;
mod progress;
mod report;
mod stage;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What went wrong with the command itself: use, or access.
#[derive(Debug)]
struct Unable(String);

impl<E: std::error::Error> From<E> for Unable {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Operates a Quoin stage: reads only, with the credentials, region and endpoint of the environment.
#[derive(Parser)]
#[command(name = "quoin", version)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Recomputes wallets, hash chains and bets from the journal; exit code 0 when all is well, 1 at a break
    Verify(verify::Options),
}

fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(refusal) => {
            // Help is an error that is none.
            let code = if refusal.use_stderr() { 2 } else { 0 };
            let _ = refusal.print();
            return ExitCode::from(code);
        }
    };
    let Command::Verify(options) = line.command;
    match access::run(async || verify::run(&options).await) {
        Ok(is_well) => ExitCode::from(u8::from(!is_well)),
        Err(Unable(reason)) => {
            let _ = writeln!(std::io::stderr(), "quoin: {reason}");
            ExitCode::from(2)
        }
    }
}
