//! What becomes of rows once their lines are written, or some of them are not.

use std::collections::{BTreeMap, BTreeSet};

use quoin_store::Key;

use super::{Partition, Row};

/// Rows that may go, and lines that are staged again before they do.
///
/// A row none of whose lines is written stays as it is: what fails again and again is not written again and again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) over: BTreeSet<Key>,
    /// By the partition of the table that their rows are in; in order, so that those of one kind are together.
    pub(crate) again: BTreeMap<String, BTreeSet<(Partition, String)>>,
}

impl Settled {
    /// What becomes of `rows` whose lines are in the warehouse, but those of `unwritten` partitions.
    pub(crate) fn of(rows: &[Row], unwritten: &BTreeSet<&Partition>) -> Self {
        let mut settled = Self::default();
        for row in rows {
            if unwritten.is_empty() {
                settled.over.insert(row.key.clone());
                continue;
            }
            let Ok(lines) = row.lines() else { continue };
            let count = lines.len();
            let stuck: Vec<_> = lines.into_iter().filter(|(partition, _)| unwritten.contains(partition)).collect();
            if !stuck.is_empty() && stuck.len() == count {
                continue;
            }
            settled.over.insert(row.key.clone());
            if !stuck.is_empty() {
                let again = settled.again.entry(row.key.pk.clone()).or_default();
                again.extend(stuck.into_iter().map(|(partition, line)| (partition, line.text)));
            }
        }
        settled
    }
}
