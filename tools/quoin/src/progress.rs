//! How far long work is, on stderr: a line that changes on a terminal, and a line now and then elsewhere.

use std::io::{IsTerminal, Write};

use quoin_events::Timestamp;
use quoin_verify::Totals;

/// Between two lines, on a terminal and elsewhere.
const PAUSE_MS: (i64, i64) = (200, 5_000);

/// What was said last, and when.
#[derive(Debug)]
pub(crate) struct Progress {
    is_terminal: bool,
    started: Timestamp,
    said: Timestamp,
}

impl Progress {
    pub(crate) fn start(now: Timestamp) -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), started: now, said: now }
    }

    /// Says how far the work is, unless it was said just now.
    pub(crate) fn say(&mut self, now: Timestamp, totals: &Totals) {
        let elapsed_ms = u64::try_from(now.millis().saturating_sub(self.started.millis())).unwrap_or(0);
        let rate = totals.items.saturating_mul(1_000).checked_div(elapsed_ms).unwrap_or(0);
        self.tell(now, &format!("{} wallets, {} items, {rate} a second", totals.wallets, totals.items));
    }

    /// Says `text`, unless something was said just now.
    pub(crate) fn tell(&mut self, now: Timestamp, text: &str) {
        let pause_ms = if self.is_terminal { PAUSE_MS.0 } else { PAUSE_MS.1 };
        if now < self.said.plus_millis(pause_ms) {
            return;
        }
        self.said = now;
        let _ = if self.is_terminal {
            write!(std::io::stderr(), "\r{text:<70}")
        } else {
            writeln!(std::io::stderr(), "{text}")
        };
    }

    /// Says `text` in a line of its own: what is done now.
    pub(crate) fn step(&mut self, now: Timestamp, text: &str) {
        self.end();
        self.said = now;
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Clears the line for what comes after.
    pub(crate) fn end(&self) {
        if self.is_terminal {
            let _ = write!(std::io::stderr(), "\r{:<70}\r", "");
        }
    }
}
