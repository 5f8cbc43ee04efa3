//! `quoin dead-letters` and `quoin redrive`: what was given up, and its way back.

use std::io::{IsTerminal, Write};

use quoin_events::Timestamp;
use quoin_runtime::{DeadLetter, DeadLetterQueue, DeadLetters, Failure, Redriven, Selection};
use serde::Serialize;

use crate::{Unable, access};

/// Letters shown of one queue.
const MOST_SHOWN: usize = 1_000;
/// Nobody stops a command but whoever started it.
fn never() -> Timestamp {
    Timestamp::from_millis(i64::MAX)
}

/// What to list.
#[derive(Debug, clap::Args)]
pub(crate) struct ListOptions {
    /// The stage
    #[arg(long, default_value = "dev")]
    stage: String,
    /// Only this queue: mostly named as its function
    #[arg(long, value_name = "QUEUE")]
    queue: Option<String>,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// What to send back.
#[derive(Debug, clap::Args)]
pub(crate) struct RedriveOptions {
    /// The function whose dead letters go back, or its queue
    function: String,
    /// Only this letter, by its id in the dead letters; may be given several times
    #[arg(long = "message", value_name = "ID")]
    messages: Vec<String>,
    /// Say what would go, and let everything stay
    #[arg(long)]
    dry_run: bool,
    /// The stage
    #[arg(long, default_value = "dev")]
    stage: String,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// The letters of one queue.
#[derive(Debug, Serialize)]
struct Listed {
    queue: String,
    count: u64,
    messages: Vec<DeadLetter>,
}

/// Lists dead letters; says whether there are none.
pub(crate) async fn list(options: &ListOptions) -> Result<bool, Unable> {
    let env = access::env("", "")?;
    let letters = DeadLetters::of_stage(&env, &options.stage);
    let queues = match &options.queue {
        Some(name) => vec![found(&letters, name).await?],
        None => letters.queues().await.map_err(unable)?,
    };
    let mut listed = Vec::new();
    for queue in queues.into_iter().filter(|queue| queue.count > 0 || queue.hidden > 0) {
        let messages = letters.look(&queue, MOST_SHOWN, never()).await.map_err(unable)?;
        let count = queue.count.saturating_add(queue.hidden);
        listed.push(Listed { queue: queue.name, count, messages });
    }
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&listed)?)?;
    } else {
        for one in &listed {
            write!(out, "{} {}\n{}\n", one.queue, one.count, table(&one.messages))?;
        }
        if listed.is_empty() {
            writeln!(out, "no dead letters")?;
        }
    }
    Ok(listed.is_empty())
}

/// Sends dead letters back; says whether all that were chosen went.
pub(crate) async fn redrive(options: &RedriveOptions) -> Result<bool, Unable> {
    let env = access::env("", "")?;
    let letters = DeadLetters::of_stage(&env, &options.stage);
    let queue = found(&letters, &options.function).await?;
    let selection = if options.messages.is_empty() {
        Selection::All
    } else {
        Selection::Ids(options.messages.iter().cloned().collect())
    };
    let is_terminal = std::io::stderr().is_terminal();
    let progress = |count: usize| {
        if is_terminal {
            let _ = write!(std::io::stderr(), "\r{count} of about {:<40}", queue.count);
        }
    };
    let done = letters.redrive(&queue, &selection, options.dry_run, never(), progress).await;
    if is_terminal {
        let _ = write!(std::io::stderr(), "\r{:<60}\r", "");
    }
    let done = done.map_err(unable)?;
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&done)?)?;
    } else {
        write!(out, "{}", summary(&queue.name, options.dry_run, &done))?;
    }
    Ok(done.failed.is_empty() && done.missing.is_empty())
}

async fn found(letters: &DeadLetters<'_>, name: &str) -> Result<DeadLetterQueue, Unable> {
    let queue = letters.queue(name).await.map_err(unable)?;
    queue.ok_or_else(|| Unable(format!("{name} has no dead-letter queue on this stage")))
}

fn unable(failure: Failure) -> Unable {
    Unable(failure.to_string())
}

fn summary(queue: &str, is_dry: bool, done: &Redriven) -> String {
    let mut text = table(&done.messages);
    let went = if is_dry { "would go back to" } else { "went back to" };
    text.push_str(&format!("{} {went} {queue}\n", done.messages.len()));
    for (ids, what) in [(&done.failed, "not taken by the queue"), (&done.missing, "not seen")] {
        text.extend(ids.iter().map(|id| format!("{id} {what}\n")));
    }
    text
}

/// A line per letter, under the names of its columns; the reason comes last, whole.
fn table(letters: &[DeadLetter]) -> String {
    const NAMES: [&str; 6] = ["message", "class", "attempts", "parked at", "event", "reason"];
    let rows = letters.iter().map(|letter| {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        [
            letter.message_id.clone(),
            letter.class.as_str().to_owned(),
            letter.attempts.map_or_else(|| "-".to_owned(), |attempts| attempts.to_string()),
            letter.parked_at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
            format!("{} {}", text(&letter.event), text(&letter.event_id)),
            // A reason may have lines of its own; the table does not.
            letter.reason.split_whitespace().collect::<Vec<_>>().join(" "),
        ]
    });
    let rows: Vec<_> = std::iter::once(NAMES.map(str::to_owned)).chain(rows).collect();
    if rows.len() == 1 {
        return String::new();
    }
    let mut widths = [0_usize; NAMES.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(&format!("  {}\n", line.trim_end()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_runtime::LetterClass;

    fn letter(id: &str, reason: &str) -> DeadLetter {
        DeadLetter {
            message_id: id.to_owned(),
            class: LetterClass::Poison,
            reason: reason.to_owned(),
            attempts: Some(1),
            function: None,
            parked_at: None,
            event: Some("BetSettled".to_owned()),
            event_id: None,
            entity: None,
        }
    }

    #[test]
    fn columns_stand_under_their_names_whatever_a_reason_says() {
        let text = table(&[letter("m-1", "no wallet\n of that user"), letter("m-22", "-")]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = lines[0].find("reason").unwrap();
        assert_eq!(&lines[1][column..], "no wallet of that user");
        assert!(lines[2][column..].starts_with('-'), "{text}");
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn a_trial_says_that_it_was_one_and_what_is_missing_is_named() {
        let done =
            Redriven { messages: vec![letter("m-1", "x")], missing: vec!["m-9".to_owned()], ..Redriven::default() };
        assert!(summary("audit", true, &done).ends_with("1 would go back to audit\nm-9 not seen\n"));
        assert!(summary("audit", false, &done).contains("1 went back to audit\n"));
    }
}
