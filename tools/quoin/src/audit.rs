//! `quoin audit`: every chain of the audit log link by link, and every event of the journal against its link.

use std::io::Write;

use quoin_verify::GRACE_SECONDS;
use quoin_verify::audit_log::{AuditBreak, AuditKind, AuditReport, AuditWalk};
use serde::Serialize;

use crate::progress::Progress;
use crate::stage::{Named, table};
use crate::{Unable, access};

/// What to walk, and how to say it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The stage
    #[arg(long, default_value = "dev")]
    stage: String,
    /// Name all breaks, not only the first
    #[arg(long)]
    all: bool,
    /// How long events may be on their way
    #[arg(long, value_name = "SECONDS", default_value_t = GRACE_SECONDS)]
    grace: u32,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    /// A table by name, where the stage's name fits several: journal=…, audit-log=…
    #[arg(long = "table", value_name = "WHICH=NAME")]
    tables: Vec<Named>,
}

/// What breaks are called, for the help.
pub(crate) fn kinds() -> String {
    AuditKind::ALL.iter().fold("Breaks:".to_owned(), |text, kind| format!("{text}\n  {}", kind.as_str()))
}

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    is_well: bool,
    #[serde(flatten)]
    report: &'a AuditReport,
}

/// Walks the log; says whether all is well.
pub(crate) async fn run(options: &Options) -> Result<bool, Unable> {
    let bare = access::env("", "")?;
    let journal = table(&bare, &options.stage, &options.tables, ("journal", "JournalTable")).await?;
    let log = table(&bare, &options.stage, &options.tables, ("audit-log", "AuditLogTable")).await?;
    let env = access::env(&journal, "")?;
    let now = env.clock.now();
    let mut progress = Progress::start(now);
    let settled = now.plus_seconds(i64::from(options.grace).saturating_neg());
    let mut said = |report: &AuditReport| {
        progress.tell(env.clock.now(), &format!("{} links, {} items of the journal", report.links, report.items));
    };
    let walked = AuditWalk::new(&env.store, &log, settled).run(&mut said).await;
    progress.end();
    let mut report = walked.map_err(|error| Unable(format!("cannot read: {error}")))?;
    if !options.all {
        report.breaks.truncate(1);
    }
    let is_well = report.breaks.is_empty();
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&Document { is_well, report: &report })?)?;
    } else {
        write!(out, "{}", text(&report))?;
    }
    Ok(is_well)
}

fn text(report: &AuditReport) -> String {
    let mut text = String::new();
    for (name, count) in [("links", report.links), ("items", report.items), ("events", report.events)] {
        text.push_str(&format!("{name:<14}{count:>12}\n"));
    }
    for AuditBreak { kind, place, found, expected } in &report.breaks {
        let kind = kind.as_str();
        text.push_str(&format!("BREAK {kind}\n  at        {place}\n  found     {found}\n  expected  {expected}\n"));
    }
    if report.breaks.is_empty() {
        text.push_str("the log is whole\n");
    }
    text
}
