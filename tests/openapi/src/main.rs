//! docs/openapi.json: what each route takes and answers from the contracts beside the handlers, the route itself
//! and its example from the function's sample input, which the tests of `quoin-contracts` hold to `service.yaml`.
//!
//! `cargo run -p quoin-openapi --example openapi -- write` generates it again; a test fails when it differs from
//! what is checked in.

mod components;
mod contracts;
mod document;
mod responses;
mod served;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// A reason why something could not be read or generated.
type Fault = Box<dyn std::error::Error>;

/// Where the document is, from the root of the repository.
const PATH: &str = "docs/openapi.json";

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("write") => text().and_then(|text| Ok(std::fs::write(at(PATH), text)?)),
        Some(_) | None => Err("usage: openapi write".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // Nothing is left to do where standard error cannot be written.
            let _ = std::io::stderr().write_all(format!("{fault}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// The file at `path`, from the root of the repository.
fn at(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The document as it must be checked in.
fn text() -> Result<String, Fault> {
    let document = document::document(&contracts::served()?)?;
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_up_to_date() {
        let is_current = std::fs::read_to_string(at(PATH)).is_ok_and(|found| found == text().unwrap());
        assert!(is_current, "run: make contracts");
    }
}
