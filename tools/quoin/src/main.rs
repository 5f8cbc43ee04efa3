//! The command line of operators. `quoin verify` proves that no cent is unexplained, or names the first that is;
//! `quoin timeline` shows an order event by event, `quoin stream` what the journal holds of anything;
//! `quoin audit` proves that nobody changed the audit log;
//! `quoin rebuild` makes a read model again from the journal while traffic goes on;
//! `quoin dead-letters` says what was given up and why, and `quoin redrive` sends it back.
//!
//! Only `redrive` and `rebuild` change anything: where messages wait, and the rows of one read model. Credentials, region and endpoint come from
//! the environment; tables and queues are found by the stage's names.

mod access;
mod audit;
mod dead_letters;
mod progress;
mod rebuild;
mod report;
mod stage;
mod stream;
mod timeline;
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

/// Operates a Quoin stage with the credentials, region and endpoint of the environment.
#[derive(Parser)]
#[command(name = "quoin", version)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Recomputes wallets, hash chains and bets from the journal; exit code 0 when all is well, 1 at a break
    #[command(after_help = verify::kinds())]
    Verify(verify::Options),
    /// Shows an order event by event, with delays; exit code 1 where an event is missing that cannot be
    Timeline(timeline::Options),
    /// Prints what the journal holds of one entity, an item a line as JSON
    Stream(stream::Options),
    /// Walks the chains of the audit log, and the journal beside them; exit code 0 when all is well, 1 at a break
    #[command(after_help = audit::kinds())]
    Audit(audit::Options),
    /// Makes a read model again from the journal while traffic goes on; exit code 0 if it was right, 1 if it was not
    Rebuild(rebuild::Options),
    /// Lists what consumers gave up, with the reason of each; exit code 0 when there is nothing, 1 when there is
    DeadLetters(dead_letters::ListOptions),
    /// Sends dead letters back to their queue; exit code 0 when all that were chosen went
    Redrive(dead_letters::RedriveOptions),
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
    let done = access::run(async || match &line.command {
        Command::Verify(options) => Box::pin(verify::run(options)).await,
        Command::Timeline(options) => Box::pin(timeline::run(options)).await,
        Command::Stream(options) => Box::pin(stream::run(options)).await,
        Command::Audit(options) => Box::pin(audit::run(options)).await,
        Command::Rebuild(options) => Box::pin(rebuild::run(options)).await,
        Command::DeadLetters(options) => Box::pin(dead_letters::list(options)).await,
        Command::Redrive(options) => Box::pin(dead_letters::redrive(options)).await,
    });
    match done {
        Ok(is_well) => ExitCode::from(u8::from(!is_well)),
        Err(Unable(reason)) => {
            let _ = writeln!(std::io::stderr(), "quoin: {reason}");
            ExitCode::from(2)
        }
    }
}
