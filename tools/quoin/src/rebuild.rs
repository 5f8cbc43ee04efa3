//! `quoin rebuild <view>`: a read model made again from the journal while traffic goes on.
//!
//! What is read meanwhile is the generation that was there; it is compared with the new one before that takes its place.

use std::io::Write;
use std::time::Duration;

use quoin_runtime::Env;
use quoin_views::{Difference, Filled, Rebuild, SETTLE_SECONDS, View, ViewError};
use serde::Serialize;

use crate::progress::Progress;
use crate::stage::{Named, table};
use crate::{Unable, access};

/// What to rebuild.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The view: customers, subscriptions or analytics
    view: View,
    /// The stage
    #[arg(long, default_value = "dev")]
    stage: String,
    /// Begin anew where a rebuild was broken off; one that is still under way is given up
    #[arg(long)]
    again: bool,
    /// How long functions may go on that began before the new generation did; less than they run is too little
    #[arg(long, value_name = "SECONDS", default_value_t = SETTLE_SECONDS)]
    settle: u32,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    /// A table by name, where the stage's name fits several: journal=…, view=…
    #[arg(long = "table", value_name = "WHICH=NAME")]
    tables: Vec<Named>,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Rebuilt {
    view: &'static str,
    /// Whether the rows that were read said what their streams say.
    was_right: bool,
    /// The generation that is read now.
    generation: u64,
    items: u64,
    streams: u64,
    removed_rows: u64,
    /// Rows of the old generation that were wrong, and are right now.
    differences: Vec<Difference>,
}

/// Rebuilds a view; says whether it was right before.
pub(crate) async fn run(options: &Options) -> Result<bool, Unable> {
    let view = options.view;
    let resource = match view {
        View::Customers => "CustomerViewTable",
        View::Subscriptions => "SubscriptionViewTable",
        View::Analytics => "AnalyticsViewTable",
    };
    let bare = access::env("", "")?;
    let journal = table(&bare, &options.stage, &options.tables, ("journal", "JournalTable")).await?;
    let rows = table(&bare, &options.stage, &options.tables, ("view", resource)).await?;
    let env = access::env(&journal, "")?;
    let mut progress = Progress::start(env.clock.now());
    let rebuilt = rebuilt(&env, &rows, options, &mut progress).await;
    progress.end();
    let rebuilt = rebuilt?;
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&rebuilt)?)?;
    } else {
        write!(out, "{}", table_of(&rebuilt))?;
    }
    Ok(rebuilt.was_right)
}

async fn rebuilt(env: &Env, table: &str, options: &Options, progress: &mut Progress) -> Result<Rebuilt, Unable> {
    let mut rebuild =
        Rebuild::begin(&env.store, &env.clock, table, options.view, options.again).await.map_err(begun)?;
    let (live, building) = rebuild.generations();
    progress.step(env.clock.now(), &format!("generation {building} begins beside {live}"));
    settle(env, options, progress, "until every consumer writes it").await;
    let filled = rebuild.fill(|Filled { items, streams, .. }| {
        progress.tell(env.clock.now(), &format!("{items} items, {streams} streams"));
    });
    let filled = match filled.await {
        Ok(filled) => filled,
        Err(error) => {
            // What was filled is of no use, and the next rebuild removes it.
            rebuild.abandon().await.map_err(begun)?;
            return Err(Unable(format!("nothing is changed: {error}")));
        }
    };
    progress.step(env.clock.now(), &format!("{} streams of {} items", filled.streams, filled.items));
    let differences = rebuild.differences().await.map_err(begun)?;
    rebuild.switch().await.map_err(begun)?;
    progress.step(env.clock.now(), &format!("generation {building} is read"));
    settle(env, options, progress, "until nobody goes by the old one").await;
    let removed_rows = rebuild
        .sweep(|removed| progress.tell(env.clock.now(), &format!("{removed} rows removed")))
        .await
        .map_err(begun)?;
    Ok(Rebuilt {
        view: options.view.as_str(),
        was_right: differences.is_empty(),
        generation: building,
        items: filled.items,
        streams: filled.streams,
        removed_rows,
        differences,
    })
}

/// Waits, and says for how long.
async fn settle(env: &Env, options: &Options, progress: &mut Progress, why: &str) {
    for left in (1..=options.settle).rev() {
        progress.tell(env.clock.now(), &format!("{left} s {why}"));
        env.clock.sleep(Duration::from_secs(1)).await;
    }
}

fn begun(error: ViewError) -> Unable {
    match error {
        ViewError::Building => Unable(format!("{error}; --again begins anew")),
        ViewError::Store(_) | ViewError::Contended | ViewError::Unreadable { .. } | ViewError::Superseded => {
            Unable(error.to_string())
        }
    }
}

fn table_of(rebuilt: &Rebuilt) -> String {
    let Rebuilt { view, generation, items, streams, removed_rows, differences, .. } = rebuilt;
    let mut text = String::new();
    for Difference { row, reason, what } in differences {
        let reason = reason.as_str();
        text.push_str(&format!("{reason:<10}{row}  {}\n", what.join(", ")).replace("  \n", "\n"));
    }
    let verdict = match differences.len() {
        0 => "every row was right".to_owned(),
        count => format!("{count} rows were wrong and are right now"),
    };
    text.push_str(&format!("{view}: generation {generation} of {streams} streams in {items} items is read; "));
    text.push_str(&format!("{removed_rows} old rows removed\n{verdict}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_views::Reason;

    #[test]
    fn what_was_wrong_is_named_before_what_was_done() {
        let difference = |reason: Reason, what: &[&str]| Difference {
            row: "customer#cust_1 -".to_owned(),
            reason,
            what: what.iter().map(|text| (*text).to_owned()).collect(),
        };
        let mut rebuilt = Rebuilt {
            view: "customers",
            was_right: false,
            generation: 2,
            items: 9,
            streams: 3,
            removed_rows: 3,
            differences: vec![difference(Reason::Different, &["status"]), difference(Reason::Missing, &[])],
        };
        let text = table_of(&rebuilt);
        assert_eq!(text.lines().next(), Some("different customer#cust_1 -  status"));
        assert!(text.ends_with("2 rows were wrong and are right now\n"), "{text}");
        rebuilt.differences.clear();
        assert_eq!(table_of(&rebuilt).lines().count(), 2);
    }
}
