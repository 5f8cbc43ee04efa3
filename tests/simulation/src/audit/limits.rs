//! What limits have used after a change, from what they had used before it and its lines.

use std::collections::BTreeSet;

use serde_json::Value;

use super::commit::Entry;
use super::wallet::Seen;
use crate::findings::{Broken, holds};
use crate::money::{Cents, of};

/// What counts against a limit, and what came back beyond that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    used: Cents,
    surplus: Cents,
}

impl Use {
    fn less(self, amount: Cents) -> Self {
        let counted = self.used.min(amount);
        Self { used: self.used - counted, surplus: self.surplus + amount - counted }
    }

    /// What is taken back draws on what came back too much.
    fn more(self, amount: Cents) -> Self {
        let drawn = self.surplus.min(amount);
        Self { used: self.used + amount - drawn, surplus: self.surplus - drawn }
    }
}

fn use_of(limit: &Value) -> Use {
    let surplus = if limit["surplus"].is_null() { 0 } else { of(&limit["surplus"]) };
    Use { used: of(&limit["used"]), surplus }
}

/// Stakes and losses are counted as their lines say, and no stake is taken above a limit.
pub(super) fn limits(place: &str, entry: &Entry, before: &Seen, after: &Seen) -> Result<(), Broken> {
    let all = |seen: &'_ Seen| seen.limits.as_array().cloned().unwrap_or_default();
    let known = all(before);
    for limit in all(after) {
        let (Some(kind @ ("stake" | "loss")), Some(asset)) = (limit["kind"].as_str(), limit["asset"].as_str()) else {
            continue;
        };
        let same = |one: &&Value| ["kind", "period", "asset"].iter().all(|name| one[*name] == limit[*name]);
        let Some(old) = known.iter().find(same) else {
            holds!(of(&limit["used"]) == 0, Limits, "{place}: a new limit begins as {limit}");
            continue;
        };
        // A new window begins with nothing.
        let begin = if old["window"] == limit["window"] { use_of(old) } else { Use::default() };
        let used = use_of(&limit);
        let mut possible = BTreeSet::from([begin]);
        for line in entry.lines.iter().filter(|line| line.asset == asset) {
            let amount = line.delta.abs() + line.owed;
            possible = match (line.purpose.as_str(), kind) {
                ("debit_bet_stake", _) => {
                    holds!(used.used <= of(&limit["amount"]), Limits, "{place}: a stake was taken above {limit}");
                    possible.into_iter().map(|one| Use { used: one.used + amount, ..one }).collect()
                }
                ("debit_bet_correction", "loss") => possible.into_iter().map(|one| one.more(amount)).collect(),
                ("credit_bet_payout", "loss") => possible.into_iter().map(|one| one.less(amount)).collect(),
                // A refund makes room where its stake was counted, which may be a window that is over.
                ("credit_bet_refund", _) => possible.into_iter().flat_map(|one| [one, one.less(amount)]).collect(),
                _ => possible,
            };
        }
        holds!(
            possible.contains(&used),
            Limits,
            "{place}: {old} became {limit}, lines make {possible:?}: {}",
            entry.item
        );
    }
    Ok(())
}
