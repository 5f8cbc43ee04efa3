//! Debts, worked out again: what a correction cannot take is owed, and whatever comes goes to what is owed first.

use std::collections::BTreeSet;

use super::commit::Entry;
use super::wallet::Seen;
use crate::findings::{Broken, holds};

/// Each correction takes all that is there at most, each repayment all that is owed at most, neither takes less than
/// it could, and nothing that could be repaid with is left.
pub(super) fn debts(place: &str, entry: &Entry, before: &Seen, after: &Seen) -> Result<(), Broken> {
    let assets: BTreeSet<_> = entry.lines.iter().map(|line| line.asset.as_str()).collect();
    for asset in assets {
        let mut available = before.assets.get(asset).map_or(0, |part| part.available);
        let mut owed = before.owed.get(asset).copied().unwrap_or(0);
        // It is there and nothing can be paid with it.
        let mut expired = before.expired(asset, &entry.at);
        let lines = || entry.lines.iter().filter(|line| line.asset == asset);
        for line in lines() {
            let spendable = available - expired;
            match line.purpose.as_str() {
                "debit_bet_correction" => {
                    let wanted = line.owed - line.delta;
                    let paid = wanted.min(spendable);
                    let (is, must) = ((line.delta, line.owed), (-paid, wanted - paid));
                    holds!(is == must, Debts, "{place}: of {wanted} {paid} is there and the rest is owed: {line:?}");
                }
                "debit_owed_repayment" => {
                    let paid = owed.min(spendable);
                    let (is, must) = ((line.delta, line.owed), (-paid, -paid));
                    holds!(is == must && paid > 0, Debts, "{place}: {owed} is owed, {spendable} is there: {line:?}");
                }
                "debit_expired" => expired += line.delta,
                "debit_hold_captured" => expired -= line.over(&entry.at),
                _ if line.delta > 0 => expired += line.over(&entry.at),
                _ => {}
            }
            (available, owed) = (available + line.delta, owed + line.owed);
        }
        let is_credited = lines().any(|line| line.delta > 0);
        let left = after.spendable(asset, &entry.at);
        let debt = after.owed.get(asset).copied().unwrap_or(0);
        holds!(debt == owed, Debts, "{place}: {debt} of {asset} is owed, corrections and repayments make {owed}");
        holds!(!is_credited || debt == 0 || left == 0, Debts, "{place}: {debt} of {asset} is owed and {left} is there");
    }
    Ok(())
}
