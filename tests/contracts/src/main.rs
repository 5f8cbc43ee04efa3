//! What holds between the services, and the documents that are generated from it.
//!
//! The samples of `events/`, the event types, each `service.yaml` and each rendered template must say the
//! same; the tests of this crate hold them to it. `cargo run -p quoin-contracts --example contracts -- write`
//! generates the documents again, `check` (and a test) fails when they differ from what is checked in.

mod async_api;
mod event_page;
mod files;
mod functions;
mod generated;
mod inputs;
mod samples;
mod schema;
mod shape;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::process::ExitCode;

/// A reason why something could not be read or generated.
type Fault = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    let done = match command.as_deref() {
        Some("write") => generated::write(),
        Some("check") => generated::stale(),
        Some(_) | None => Err("usage: contracts write|check".into()),
    };
    let (lines, code) = match (done, command.as_deref()) {
        (Ok(paths), Some("check")) if !paths.is_empty() => (named("stale", &paths), ExitCode::FAILURE),
        (Ok(paths), _) => (named("wrote", &paths), ExitCode::SUCCESS),
        (Err(fault), _) => (format!("{fault}\n"), ExitCode::FAILURE),
    };
    match std::io::stderr().write_all(lines.as_bytes()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

fn named(what: &str, paths: &[String]) -> String {
    paths.iter().map(|path| format!("{what}: {path}\n")).collect()
}
