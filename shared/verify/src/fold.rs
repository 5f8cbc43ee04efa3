//! A wallet folded from its stream: what every change has to lead to.

use std::collections::BTreeMap;

use quoin_ledger::{Account, Balance, Link, Posting, chain_hash};
use quoin_money::{Asset, Delta, MoneyError};
use serde::{Deserialize, Serialize};

use crate::event::{Told, due};
use crate::{Break, Change, Entry, Kind, Thread};

/// All that a wallet's changes so far come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// How far its stream has been followed.
    pub thread: Thread,
    /// Number of wallet events so far, wherever they stand.
    pub wallet_events: u64,
    /// Hash of the latest change.
    pub hash: String,
    /// Sum of the postings, by asset.
    pub available: BTreeMap<Asset, Delta>,
    /// What was booked as owed, by asset.
    pub owed: BTreeMap<Asset, Delta>,
    /// The balances that the latest change left.
    pub after: BTreeMap<Asset, Balance>,
    /// What the accounts on the other side have, by asset.
    pub accounts: BTreeMap<Asset, BTreeMap<Account, Delta>>,
}

impl Fold {
    /// Goes on to the next change. `others` are the items of its cause's stream, which may hold its events. After a
    /// break it goes on from what is there, so that one break is told once.
    pub fn follow(&mut self, user_id: &str, change: &Change, others: &[Entry]) -> Vec<Break> {
        let mut breaks = self.thread.follow(&change.entry);
        for posting in &change.postings {
            match self.post(posting) {
                Ok(wrong) => breaks.extend(wrong.into_iter().map(|(kind, found, expected)| {
                    let place = format!("{} {}", change.entry.place(), posting.transaction_id);
                    Break::new(kind, place, found, expected)
                })),
                Err(error) => breaks.push(Break::new(Kind::Posting, change.entry.place(), error, "numbers in range")),
            }
        }
        breaks.extend(self.left(change));
        let told = Told::of(user_id, change, others);
        breaks.extend(told.compare(user_id, self.wallet_events));
        let count = u64::try_from(due(user_id, change).len()).unwrap_or(0);
        self.wallet_events = self.wallet_events.saturating_add(count);
        breaks.extend(self.link(user_id, change, &told.hash()));
        breaks
    }

    /// What is held of `asset`, by the postings alone.
    #[must_use]
    pub fn held(&self, asset: Asset) -> Delta {
        self.account(asset, Account::Held)
    }

    /// What `account` has of `asset`.
    #[must_use]
    pub fn account(&self, asset: Asset, account: Account) -> Delta {
        self.accounts.get(&asset).and_then(|accounts| accounts.get(&account)).copied().unwrap_or_default()
    }

    fn post(&mut self, posting: &Posting) -> Result<Vec<(Kind, String, String)>, MoneyError> {
        let mut wrong = Vec::new();
        let available = self.available.entry(posting.asset).or_default();
        let (before, after) = (Delta::plus(posting.before), Delta::plus(posting.after));
        if before != *available {
            wrong.push((Kind::Posting, format!("{before} {} before", posting.asset), format!("{available} before")));
        }
        let sum = before.and(posting.delta)?;
        if sum != after {
            let found = format!("{after} {} after {before} and {}", posting.asset, posting.delta);
            wrong.push((Kind::Posting, found, format!("{sum} after")));
        }
        *available = after;
        let account = posting.purpose.account();
        if posting.account != account {
            let name = |account: Account| serde_json::to_string(&account).unwrap_or_default();
            let found = format!("{} on account {}", posting.purpose.as_str(), name(posting.account));
            wrong.push((Kind::Sum, found, format!("account {}", name(account))));
        }
        // The other side has what the wallet lost.
        let other = self.accounts.entry(posting.asset).or_default().entry(posting.account).or_default();
        *other = other.and(opposite(posting.delta)?)?;
        let owed = self.owed.entry(posting.asset).or_default();
        *owed = owed.and(posting.owed)?;
        Ok(wrong)
    }

    /// What the change says it left, against what its postings come to.
    fn left(&mut self, change: &Change) -> Vec<Break> {
        let mut breaks = Vec::new();
        for asset in Asset::ALL {
            let available = self.available.get(&asset).copied().unwrap_or_default();
            let left = change.after.get(&asset).cloned().unwrap_or_default();
            if Delta::plus(left.available) != available {
                let found = format!("{} {asset} left", left.available);
                breaks.push(Break::new(Kind::Posting, change.entry.place(), found, format!("{available} left")));
            }
            if Delta::plus(left.held) != self.held(asset) {
                let found = format!("{} {asset} held", left.held);
                let expected = format!("{} held, as posted", self.held(asset));
                breaks.push(Break::new(Kind::Hold, change.entry.place(), found, expected));
            }
        }
        self.after.clone_from(&change.after);
        breaks
    }

    fn link(&mut self, user_id: &str, change: &Change, events_hash: &str) -> Option<Break> {
        let place = change.entry.place();
        let broken = |what: &str, found: &str, expected: &str| {
            Some(Break::new(Kind::Chain, place.clone(), format!("{what} {found}"), format!("{what} {expected}")))
        };
        let hash = chain_hash(Link {
            previous: &change.previous_hash,
            user_id,
            version: change.entry.version,
            at: &change.at,
            lines: &change.lines_text,
            after: &change.after_text,
            cause: &change.cause_text,
            events_hash: &change.events_hash,
        });
        let before = std::mem::replace(&mut self.hash, change.hash.clone());
        if change.previous_hash != before {
            return broken("previous hash", &change.previous_hash, &before);
        }
        if change.events_hash != events_hash {
            return broken("hash of its events", &change.events_hash, events_hash);
        }
        if change.hash != hash {
            return broken("hash", &change.hash, &hash);
        }
        None
    }
}

/// The same size with the other sign.
fn opposite(delta: Delta) -> Result<Delta, MoneyError> {
    let size = delta.magnitude()?;
    Ok(if delta.is_negative() { Delta::plus(size) } else { Delta::minus(size) })
}
