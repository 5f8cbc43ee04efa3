//! The catalogue as a page for people.

use std::fmt::Write;

use quoin_events::Topic;

use crate::functions::Function;
use crate::samples::Sample;
use crate::shape::Shape;
use crate::{Fault, schema};

const HEAD: &str =
    "<!-- Generated from the event types; `cargo run -p quoin-contracts --example contracts -- write`. -->
# Events

Every event travels in one envelope: `event`, `version`, `timestamp` (RFC 3339, UTC, three decimals), `data` and
`metadata`. `metadata.event_id` is what consumers deduplicate on, `metadata.entity` and `metadata.sequence` are its
gapless place in its stream, `metadata.request_id` correlates. Amounts are JSON numbers, exact; optional members are
omitted, never null; readers tolerate members that they do not know. A minor `version` only adds such members; an event
of another major version is recorded by the audit trail and the warehouse, and parked in the dead letters, with that as
the reason, by whoever acts on events. Copies of an event are kept for the days given here, the journal keeps it for
good. Everything is also consumed by `audit` and `report-projector`.
";

/// The page.
///
/// # Errors
/// If a schema cannot be generated.
pub(crate) fn page(functions: &[Function], samples: &[Sample]) -> Result<String, Fault> {
    let mut page = HEAD.to_owned();
    for topic in Topic::ALL {
        write!(page, "\n## {}\n", topic.as_str())?;
        for sample in samples.iter().filter(|sample| sample.of.topic == topic) {
            section(sample, functions, &mut page)?;
        }
    }
    Ok(page)
}

fn section(sample: &Sample, functions: &[Function], page: &mut String) -> Result<(), Fault> {
    let event = sample.of;
    let consumers: Vec<_> = consumers(sample, functions).map(|function| format!("`{}`", function.name)).collect();
    let consumers = if consumers.is_empty() { "none in particular".to_owned() } else { consumers.join(", ") };
    write!(page, "\n### {}\n\nWhen {}.\n\n", event.name, event.when)?;
    writeln!(
        page,
        "Owner `{}`, version {}, copies kept {} days. Consumers: {consumers}. [Schema]({}), [sample](../{}).\n",
        event.source,
        event.version,
        event.retention_days,
        schema::path(event).trim_start_matches("docs/"),
        Sample::path(event),
    )?;
    page.push_str("| field | type | |\n|---|---|---|\n");
    let document = schema::of_event(event)?;
    if let Some(data) = Shape::of(&document).member("data") {
        rows("", data, page)?;
    }
    Ok(())
}

fn rows(prefix: &str, shape: Shape<'_>, page: &mut String) -> Result<(), Fault> {
    for (name, member, is_required) in shape.members() {
        let name = format!("{prefix}{name}");
        let optional = if is_required { "" } else { ", optional" };
        let description = member.description().replace('\n', " ");
        writeln!(page, "| `{name}` | {}{optional} | {description} |", member.describe())?;
        rows(&format!("{name}."), member, page)?;
        if let Some(items) = member.items() {
            rows(&format!("{name}[]."), items, page)?;
        }
    }
    Ok(())
}

/// Functions that act on the event of `sample`, those that record everything left out.
pub(crate) fn consumers<'a>(sample: &'a Sample, functions: &'a [Function]) -> impl Iterator<Item = &'a Function> {
    functions.iter().filter(|function| !function.records_everything() && function.consumes(sample))
}
