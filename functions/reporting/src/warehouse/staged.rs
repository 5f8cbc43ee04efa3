//! What is staged of a span of time of an event type's day.

use std::collections::BTreeMap;

use quoin_runtime::{Env, Failure};

use super::{Line, Partition, Walk};

/// Bytes of lines that are held at once.
const HELD_BYTES: usize = 8_000_000;

/// Some lines in order of time, and whether there are more behind them.
pub(crate) struct Lines {
    pub(crate) lines: Vec<Line>,
    pub(crate) has_more: bool,
}

/// The earliest lines of `partition` whose `<moment>#<event id>` is in `span`. A row holds lines of any moment, so all
/// are looked through.
///
/// # Errors
/// If the table cannot be read, or a row: what it holds would be missing from the span.
pub(crate) async fn staged_between(
    env: &Env,
    table: &str,
    partition: &Partition,
    (from, to): (&str, &str),
) -> Result<Lines, Failure> {
    let mut earliest = Earliest::of(HELD_BYTES);
    let mut walk = Walk::all(env, table);
    while let Some(row) = walk.next().await? {
        let lines = row.lines().map_err(|reason| {
            Failure::poison(format!("the staged row {} {} cannot be read: {reason}", row.key.pk, row.key.sk))
        })?;
        for (of, line) in lines {
            let place = line.place();
            if of == *partition && from <= place.as_str() && place.as_str() <= to {
                earliest.add(place, line);
            }
        }
    }
    Ok(earliest.found())
}

/// The earliest of many lines, each once, as far as there is room for them.
struct Earliest {
    lines: BTreeMap<String, Line>,
    bytes: usize,
    most: usize,
    /// The first place that there was no room for.
    horizon: Option<String>,
}

impl Earliest {
    const fn of(most: usize) -> Self {
        Self { lines: BTreeMap::new(), bytes: 0, most, horizon: None }
    }

    fn add(&mut self, place: String, line: Line) {
        if self.horizon.as_ref().is_some_and(|horizon| *horizon <= place) || self.lines.contains_key(&place) {
            return;
        }
        self.bytes = self.bytes.saturating_add(line.text.len());
        self.lines.insert(place, line);
        // One line is held however long it is, or there would be no end.
        while self.bytes > self.most && self.lines.len() > 1 {
            let Some((place, line)) = self.lines.pop_last() else { break };
            self.bytes = self.bytes.saturating_sub(line.text.len());
            self.horizon = Some(place);
        }
    }

    fn found(self) -> Lines {
        Lines { lines: self.lines.into_values().collect(), has_more: self.horizon.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::line_of_test as line;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn page_after_page_each_line_is_found_once_in_order(
            events in proptest::collection::vec((0_i64..40, 0_u8..40), 0..80),
            most in 1_usize..900,
        ) {
            let all: Vec<Line> = events.iter().map(|(at, id)| line(*at, &format!("e{id}"))).collect();
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let mut earliest = Earliest::of(most);
                for line in all.iter().filter(|line| after.as_ref().is_none_or(|after| line.place() > *after)) {
                    earliest.add(line.place(), line.clone());
                }
                let page = earliest.found();
                prop_assert!(page.lines.len() <= 1 || page.lines.iter().map(|l| l.text.len()).sum::<usize>() <= most);
                after = page.lines.last().map(Line::place).or(after);
                found.extend(page.lines.iter().map(Line::place));
                if !page.has_more {
                    break;
                }
            }
            let expected: BTreeSet<String> = all.iter().map(Line::place).collect();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
