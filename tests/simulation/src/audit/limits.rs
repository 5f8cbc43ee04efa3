//! What limits have used after a change, from what they had used before it and its lines.

use std::collections::BTreeSet;

use serde_json::Value;

use super::commit::{Commit, Entry, Line};
use super::deposits::{Counts, Deposits};
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

    /// What a limit of `kind` on stakes or losses may have used after `line`.
    fn after(self, line: &Line, kind: &str) -> Vec<Self> {
        let amount = line.delta.abs() + line.owed;
        match (line.purpose.as_str(), kind) {
            ("debit_bet_stake", _) => vec![Self { used: self.used + amount, ..self }],
            ("debit_bet_correction", "loss") => vec![self.more(amount)],
            ("credit_bet_payout", "loss") => vec![self.less(amount)],
            // A refund makes room where its stake was counted, which may be a window that is over.
            ("credit_bet_refund", _) => vec![self, self.less(amount)],
            _ => vec![self],
        }
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

/// Stakes, losses and deposits are counted as lines and events say, and no stake and no deposit is taken above a limit.
pub(super) fn limits(
    place: &str,
    commit: &Commit,
    entry: &Entry,
    deposits: &Deposits,
    (before, after): (&Seen, &Seen),
) -> Result<(), Broken> {
    let all = |seen: &'_ Seen| seen.limits.as_array().cloned().unwrap_or_default();
    let known = all(before);
    for limit in all(after) {
        let (Some(kind), Some(asset)) = (limit["kind"].as_str(), limit["asset"].as_str()) else { continue };
        let same = |one: &&Value| ["kind", "period", "asset"].iter().all(|name| one[*name] == limit[*name]);
        let Some(old) = known.iter().find(same) else {
            holds!(of(&limit["used"]) == 0, Limits, "{place}: a new limit begins as {limit}");
            continue;
        };
        // A new window begins with nothing.
        let is_new = old["window"] != limit["window"];
        let begin = if is_new { Use::default() } else { use_of(old) };
        let used = use_of(&limit);
        let within = || used.used <= of(&limit["amount"]);
        let possible = if kind == "deposit" {
            let counts = deposits.counts(commit, entry, asset);
            let is_within = !matches!(counts, Counts::Asked(_)) || within();
            holds!(is_within, Limits, "{place}: a deposit was taken above {limit}");
            let since = limit["window"].as_str().unwrap_or_default();
            BTreeSet::from([match counts {
                Counts::Asked(amount) => Use { used: begin.used + amount, ..begin },
                Counts::Came(amount) => begin.more(amount),
                Counts::Failed(amount, counted_at) if since <= counted_at => begin.less(amount),
                // It was counted in a window that is over.
                Counts::Failed(..) | Counts::Nothing => begin,
            }])
        } else {
            let mut possible = BTreeSet::from([begin]);
            for line in entry.lines.iter().filter(|line| line.asset == asset) {
                if line.purpose == "debit_bet_stake" {
                    holds!(within(), Limits, "{place}: a stake was taken above {limit}");
                }
                possible = possible.into_iter().flat_map(|one| one.after(line, kind)).collect();
            }
            possible
        };
        holds!(
            possible.contains(&used),
            Limits,
            "{place}: {old} became {limit}, lines make {possible:?}: {}",
            entry.item
        );
    }
    Ok(())
}
