//! What happened, line by line: the same seed gives the same lines.

use sha2::{Digest, Sha256};

use crate::cloud::BEGIN;
use crate::scheduler::Micros;

/// The lines of one history.
#[derive(Debug, Default)]
pub struct Trace {
    lines: Vec<String>,
    is_kept: bool,
    digest: Sha256,
}

impl Trace {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self { is_kept, ..Self::default() }
    }

    pub(crate) fn say(&mut self, now: Micros, text: impl FnOnce() -> String) {
        if !self.is_kept {
            return;
        }
        let line = format!("{:>12} {}", Seconds(now.saturating_sub(BEGIN)), text());
        self.digest.update(line.as_bytes());
        self.lines.push(line);
    }

    /// The lines, if they were kept.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// A digest of all lines.
    #[must_use]
    pub fn digest(&self) -> String {
        self.digest.clone().finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

struct Seconds(Micros);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1_000_000, self.0 / 1_000 % 1_000);
        f.pad(&text)
    }
}
