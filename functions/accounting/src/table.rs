//! The rows of the service's own table, and their keys.
//!
//! `entry#<id>`: an entry, for good. `lines#<account>#<asset>#<day>#<shard>`: where an account's entries of a day are,
//! by their moment. `days#<month>`, `months`: counters, a row per day or month and shard; each row is balanced by
//! itself, and those of a closed month say so. `periods`: the closed months, and who closed them.

use quoin_money::Asset;
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key};

use crate::chart::Account;
use crate::entry::{Entry, Side};

/// How many rows the counters of a period, and the lines of an account, are spread over: writers of one row at once
/// cancel each other.
const SHARDS: u64 = 8;

/// Name of the table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("accounting")
}

/// Where an entry stands.
pub(crate) fn entry(entry_id: &str) -> Key {
    Key::new(format!("entry#{entry_id}"), "entry")
}

/// The counters' rows of a day and of its month, in a shard by chance.
pub(crate) fn counters(day: &str, chance: impl FnOnce(u64) -> u64) -> [Key; 2] {
    let shard = chance(SHARDS);
    let (month, of_month) = split(day);
    [Key::new(days_pk(month), format!("{of_month}#{shard}")), Key::new(MONTHS, format!("{month}#{shard}"))]
}

/// All rows of a month's counters.
pub(crate) fn month_counters(month: &str) -> Vec<Key> {
    (0..SHARDS).map(|shard| Key::new(MONTHS, format!("{month}#{shard}"))).collect()
}

/// The attribute of a month's counters that says that nothing is added to them any more.
pub(crate) const CLOSED: &str = "closed";

/// Partition of the closed months.
pub(crate) const PERIODS: &str = "periods";

/// Where a closed month stands.
pub(crate) fn period(month: &str) -> Key {
    Key::new(PERIODS, month)
}

/// Partition of the months' counters.
pub(crate) const MONTHS: &str = "months";

/// Partition of the counters of a month's days.
pub(crate) fn days_pk(month: &str) -> String {
    format!("days#{month}")
}

/// The month of a day, and the day of the month.
pub(crate) fn split(day: &str) -> (&str, &str) {
    day.rsplit_once('-').unwrap_or((day, ""))
}

/// All partitions of an account's lines of a day.
pub(crate) fn lines(account: Account, asset: Asset, day: &str) -> Vec<String> {
    (0..SHARDS).map(|shard| lines_of(account, asset, day, shard)).collect()
}

fn lines_of(account: Account, asset: Asset, day: &str, shard: u64) -> String {
    format!("lines#{}#{asset}#{day}#{shard}", account.as_str())
}

/// The rows that lead to `entry` from each account that it touches, one per account and asset.
pub(crate) fn pointers(entry: &Entry) -> Vec<Item> {
    let shard = entry.entry_id.bytes().fold(0_u64, |sum, byte| sum.wrapping_add(u64::from(byte))) & (SHARDS - 1);
    let mut touched: Vec<_> =
        entry.legs.iter().flat_map(|leg| Side::ALL.map(|side| (leg.on(side), leg.asset))).collect();
    touched.sort_unstable();
    touched.dedup();
    let row = |(account, asset): (Account, Asset)| {
        Item::new()
            .text("pk", lines_of(account, asset, &entry.day(), shard))
            .text("sk", format!("{}#{}", entry.at, entry.entry_id))
            .text("entry", entry.entry_id.clone())
    };
    touched.into_iter().map(row).collect()
}
