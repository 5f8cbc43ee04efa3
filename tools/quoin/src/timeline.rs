//! `quoin timeline`: an order event by event, with how long each took, what is not there and what is there twice.

use std::io::Write;

use quoin_verify::{Absence, OrderTimeline, Step, Twice};

use crate::stage::{Named, tables};
use crate::{Unable, access};

/// Characters of the longest bar.
const BAR: i64 = 40;

/// Which order, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The order
    #[arg(value_name = "ORDER_ID")]
    order_id: String,
    /// The stage whose tables are read
    #[arg(long, default_value = "dev")]
    stage: String,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    /// A table by name, where the stage's name fits several: journal=…, wallets=…, payment=…, reporting=…
    #[arg(long = "table", value_name = "WHICH=NAME")]
    tables: Vec<Named>,
}

/// Prints the timeline; says whether nothing is missing that should be there.
pub(crate) async fn run(options: &Options) -> Result<bool, Unable> {
    let tables = tables(&access::env("", "")?, &options.stage, &options.tables).await?;
    let env = access::env(&tables.journal, &tables.wallets)?;
    let timeline = OrderTimeline::read(&env.store, &tables.reporting, &options.order_id, env.clock.now())
        .await
        .map_err(|error| Unable(format!("cannot read: {error}")))?
        .ok_or_else(|| Unable(format!("there is no order {}", options.order_id)))?;
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&timeline)?)?;
    } else {
        write!(out, "{}", table(&timeline))?;
    }
    Ok(timeline.gaps.iter().all(|gap| gap.reason != Absence::Missing))
}

fn table(timeline: &OrderTimeline) -> String {
    let longest = timeline.items.iter().map(|step| step.delay_ms).max().unwrap_or(0);
    let mut text = format!("{:>4}  {:<28}{:<26}{:>12}\n", "#", "event", "time", "delay ms");
    for Step { event, timestamp, sequence, delay_ms, .. } in &timeline.items {
        let line = format!("{sequence:>4}  {event:<28}{timestamp:<26}{delay_ms:>12}  {}", bar(*delay_ms, longest));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let total = timeline.items.iter().fold(0_i64, |sum, step| sum.saturating_add(step.delay_ms));
    text.push_str(&format!("{:>4}  {:<54}{total:>12}\n", "", "in all"));
    for gap in &timeline.gaps {
        let what = match gap.reason {
            Absence::NotHappened => "still to come",
            Absence::NotExpected => "not expected any more",
            Absence::Missing => "MISSING",
            Absence::NotRecorded => "not in the audit trail",
        };
        let place = gap.sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
        text.push_str(&format!("{place:>4}  {:<28}{what}\n", gap.event));
    }
    for twice in &timeline.duplicates {
        let what = match twice.place {
            Twice::InStream => "times in the stream",
            Twice::Delivered => "times delivered",
        };
        text.push_str(&format!("{:>4}  {:<28}{} {what}\n", twice.sequence, twice.event, twice.times));
    }
    text
}

/// The part of the longest delay that this one is; at least a mark for one that took any time.
fn bar(delay_ms: i64, longest: i64) -> String {
    let share = delay_ms.saturating_mul(BAR).checked_div(longest).unwrap_or(0);
    let length = if delay_ms > 0 { share.max(1) } else { 0 };
    "█".repeat(usize::try_from(length).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_verify::{Duplicate, Gap};
    use serde_json::value::RawValue;

    fn step(event: &str, sequence: u64, delay_ms: i64) -> Step {
        let data = RawValue::from_string("{}".to_owned()).unwrap();
        Step { event: event.into(), timestamp: "2026-01-04T10:17:05.123Z".into(), sequence, delay_ms, data }
    }

    #[test]
    fn a_step_has_its_line_and_the_longest_the_longest_bar() {
        let timeline = OrderTimeline {
            items: vec![
                step("order.validation_started", 1, 0),
                step("order.initiated", 2, 10),
                step("order.paid", 3, 1),
            ],
            gaps: vec![Gap { event: "order.created".into(), sequence: None, reason: Absence::NotHappened }],
            duplicates: vec![Duplicate { event: "order.paid".into(), sequence: 3, times: 2, place: Twice::Delivered }],
        };
        let text = table(&timeline);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 7, "{text}");
        let bars: Vec<_> = lines.iter().map(|line| line.matches('█').count()).collect();
        assert_eq!(bars, [0, 0, 40, 4, 0, 0, 0], "{text}");
        assert!(lines[4].ends_with("11"), "{text}");
        assert!(lines[5].contains("order.created") && lines[5].contains("still to come"), "{text}");
        assert!(lines[6].contains("2 times delivered"), "{text}");
    }
}
