//! `quoin stream`: what the journal holds of one entity, an item a line. Large items are stored packed, which a
//! console does not show.

use std::io::Write;

use quoin_store::JournalItem;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::stage::{Named, table};
use crate::{Unable, access};

/// Items that are read at once.
const PAGE: i32 = 100;

/// Which stream, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The stream, as `bet#bet_…` or `wallet#user_…`
    #[arg(value_name = "TYPE#ID")]
    stream: String,
    /// The stage whose journal is read
    #[arg(long, default_value = "dev")]
    stage: String,
    /// The journal by name, where the stage's name fits several: journal=…
    #[arg(long = "table", value_name = "journal=NAME")]
    tables: Vec<Named>,
}

/// An item, its texts as the JSON that they are.
#[derive(Serialize)]
struct Line<'a> {
    version: u64,
    at: Option<&'a str>,
    /// The function that wrote it.
    by: Option<&'a str>,
    first_sequence: u64,
    /// Why its texts are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postings: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of(item: &'a JournalItem) -> Result<Self, serde_json::Error> {
        let json = |name: &str| item.text(name).map(serde_json::from_str).transpose();
        Ok(Self {
            version: item.version(),
            at: item.text("at"),
            by: item.text("src"),
            first_sequence: item.first_sequence(),
            damage: item.damage().map(|damage| damage.to_string()),
            state: json("st")?,
            events: item.events().into_iter().map(RawValue::from_string).collect::<Result<_, _>>()?,
            answer: json("ans")?,
            postings: json("lines")?,
            balances: json("after")?,
            cause: json("cause")?,
            hash: item.text("h"),
        })
    }
}

/// Prints the items, oldest first; says whether there are any.
pub(crate) async fn run(options: &Options) -> Result<bool, Unable> {
    let known = ("journal", "JournalTable");
    let journal = table(&access::env("", "")?, &options.stage, &options.tables, known).await?;
    let env = access::env(&journal, "")?;
    let (mut out, mut after) = (std::io::stdout().lock(), 0);
    loop {
        let page = env.store.stored_stream_page(&options.stream, after, PAGE).await;
        let page = page.map_err(|error| Unable(format!("cannot read: {error}")))?;
        for item in &page {
            writeln!(out, "{}", serde_json::to_string(&Line::of(item)?)?)?;
        }
        match page.last() {
            Some(last) => after = last.version(),
            None if after == 0 => return Err(Unable(format!("there is no stream {}", options.stream))),
            None => return Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_store::Item;

    #[test]
    fn texts_are_shown_as_the_json_that_they_are_and_no_digit_is_lost() {
        let item = Item::new().text("pk", "bet#b1").number("sk", 2).number("s0", 3).text("at", "now").text("src", "x");
        let item = item.text("st", r#"{"stake":1.10}"#).texts("ev", vec![r#"{"event":"BetPlaced"}"#.to_owned()]);
        let item = JournalItem::from(item);
        let line = serde_json::to_string(&Line::of(&item).unwrap()).unwrap();
        let expected = r#"{"version":2,"at":"now","by":"x","first_sequence":3,"state":{"stake":1.10},"events":[{"event":"BetPlaced"}]}"#;
        assert_eq!(line, expected);
    }
}
