//! What expires: at each change of a wallet exactly the lots whose end has come, before anything else moves, and what
//! comes back after its end as soon as it has come.

use std::collections::BTreeSet;

use super::commit::Entry;
use super::wallet::Seen;
use crate::findings::{Broken, holds};
use crate::money::Cents;

/// Nothing goes before its end, and nothing stays after it.
pub(super) fn expiry(place: &str, entry: &Entry, before: &Seen, after: &Seen) -> Result<(), Broken> {
    let at = entry.at.as_str();
    let assets = before.assets.keys().chain(after.assets.keys()).map(String::as_str);
    let assets: BTreeSet<_> = assets.chain(entry.lines.iter().map(|line| line.asset.as_str())).collect();
    for asset in assets {
        let mut due = before.expired(asset, at);
        for line in entry.lines.iter().filter(|line| line.asset == asset) {
            match line.purpose.as_str() {
                "debit_expired" => {
                    let gone: Cents = line.over(at);
                    let fits = due > 0 && line.delta == -due && gone == due && line.lots == due;
                    holds!(fits, Line, "{place}: {due} of {asset} has expired at {at}: {line:?}");
                    due = 0;
                }
                // A hold is paid out of what was held, also of what would have expired meanwhile.
                "debit_hold_captured" => due -= line.over(at),
                _ => {
                    holds!(due == 0, Line, "{place}: {due} of {asset} has expired at {at} and is there: {line:?}");
                    due += if line.delta > 0 { line.over(at) } else { 0 };
                }
            }
        }
        let left = after.expired(asset, at);
        holds!((due, left) == (0, 0), Line, "{place}: {due} of {asset} has expired at {at} and stays, {left} is kept");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const EARLY: &str = "2026-02-01T00:00:00.000Z";
    const LATE: &str = "2026-03-01T00:00:00.000Z";

    fn lot(amount: u32, expires_at: &str) -> Value {
        json!({"amount": amount, "expires_at": expires_at})
    }

    /// A wallet with so much, bound as `lots` say.
    fn wallet(available: u32, lots: &[Value]) -> Seen {
        let assets = json!({"bonus": {"available": available, "lots": lots}});
        Seen::read(0, &json!({"assets": {"S": assets.to_string()}}))
    }

    fn line(purpose: &str, delta: i32, lots: &[Value]) -> Value {
        let (transaction_id, asset, account) = ("t", "bonus", "a");
        json!({
            "transaction_id": transaction_id, "asset": asset, "purpose": purpose, "account": account, "delta": delta,
            "before": 0, "after": 0, "lots": lots,
        })
    }

    fn holds(at: &str, before: &Seen, lines: &[Value], after: &Seen) -> bool {
        let entry = Entry::read(&json!({"at": {"S": at}, "lines": {"S": Value::from(lines).to_string()}}));
        expiry("w", &entry, before, after).is_ok()
    }

    #[test]
    fn what_expires_goes_at_its_end_and_nothing_else_does() {
        let before = wallet(150, &[lot(100, EARLY), lot(50, LATE)]);
        let (between, gone) = ("2026-02-02T00:00:00.000Z", line("debit_expired", -100, &[lot(100, EARLY)]));
        let (left, bet) = (wallet(50, &[lot(50, LATE)]), line("debit_bet_stake", -20, &[]));
        assert!(holds(between, &before, std::slice::from_ref(&gone), &left));
        assert!(holds(EARLY, &before, &[gone.clone(), bet.clone()], &left));
        // Too early, too late, kept, too much, and out of another lot.
        assert!(!holds("2026-01-31T23:59:59.999Z", &before, std::slice::from_ref(&gone), &left));
        assert!(!holds(between, &before, &[bet, gone], &left));
        assert!(!holds(between, &before, &[], &before));
        assert!(!holds(between, &before, &[], &left));
        let all = line("debit_expired", -150, &[lot(100, EARLY), lot(50, LATE)]);
        assert!(!holds(between, &before, &[all], &wallet(0, &[])));
        let other = line("debit_expired", -100, &[lot(50, EARLY), lot(50, LATE)]);
        assert!(!holds(between, &before, &[other], &left));
    }

    #[test]
    fn what_comes_after_its_end_goes_at_once() {
        let (none, at) = (wallet(0, &[]), LATE);
        let back = line("credit_bet_refund", 30, &[lot(20, EARLY)]);
        let gone = line("debit_expired", -20, &[lot(20, EARLY)]);
        assert!(holds(at, &none, &[back.clone(), gone], &wallet(10, &[])));
        assert!(!holds(at, &none, std::slice::from_ref(&back), &wallet(30, &[])));
        // A hold is paid out of what it holds first.
        let released = line("credit_hold_voided", 30, &[lot(20, EARLY)]);
        let paid = line("debit_hold_captured", -25, &[lot(20, EARLY)]);
        assert!(holds(at, &none, &[released, paid], &wallet(5, &[])));
    }
}
