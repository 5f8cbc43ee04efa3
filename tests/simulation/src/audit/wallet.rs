//! One change of one wallet against what the wallet was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::commit::{Commit, Entry, json, number, text};
use super::deposits::Deposits;
use super::{chain, debts, expiry, limits, told};
use crate::findings::{Broken, Side, holds};
use crate::money::{Cents, of, shown};
use crate::scheduler::Micros;

/// A wallet as it was from a moment on.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Since when.
    pub(crate) since: Micros,
    pub(crate) assets: BTreeMap<String, Part>,
    pub(crate) owed: BTreeMap<String, Cents>,
    pub(crate) status: Value,
    pub(crate) limits: Value,
    pub(crate) holds: Value,
    version: u64,
    /// Events about it so far, and those in its own stream.
    told: (u64, u64),
    at: String,
    head: String,
}

/// What there is of one asset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) available: Cents,
    pub(crate) held: Cents,
    /// What expires or is bound, and when it expires.
    pub(crate) lots: Vec<(Cents, Option<String>)>,
    /// The same with the merchants that they are bound to.
    pub(crate) coins: Vec<Coin>,
}

/// A part of an asset that expires or is bound.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Coin {
    pub(crate) expires_at: Option<String>,
    pub(crate) merchant: Option<String>,
    pub(crate) amount: Cents,
}

impl Coin {
    /// Every part in a list of them.
    pub(crate) fn read_all(list: &Value) -> Vec<Self> {
        let name = |coin: &Value, name: &str| coin[name].as_str().map(str::to_owned);
        let read = |coin: &Value| Self {
            expires_at: name(coin, "expires_at"),
            merchant: name(coin, "merchant_id"),
            amount: of(&coin["amount"]),
        };
        list.as_array().into_iter().flatten().map(read).collect()
    }

    /// Whether it has not expired at the time `at`, as text.
    pub(crate) fn is_left(&self, at: &str) -> bool {
        self.expires_at.as_deref().is_none_or(|end| end > at)
    }
}

impl Seen {
    pub(super) fn read(since: Micros, item: &Value) -> Self {
        let optional = |value: &Value| if value.is_null() { 0 } else { of(value) };
        let lot = |lot: &Value| (of(&lot["amount"]), lot["expires_at"].as_str().map(str::to_owned));
        let part = |part: &Value| Part {
            available: of(&part["available"]),
            held: optional(&part["held"]),
            lots: part["lots"].as_array().into_iter().flatten().map(lot).collect(),
            coins: Coin::read_all(&part["lots"]),
        };
        let (assets, owed) = (json(item, "assets"), json(item, "owed"));
        Self {
            since,
            assets: members(&assets).map(|(asset, value)| (asset.clone(), part(value))).collect(),
            owed: members(&owed).map(|(asset, value)| (asset.clone(), of(value))).collect(),
            status: json(item, "status"),
            limits: json(item, "limits"),
            holds: json(item, "holds"),
            version: number(item, "v"),
            told: (number(item, "ws"), number(item, "es")),
            at: text(item, "at").to_owned(),
            head: text(item, "h").to_owned(),
        }
    }

    /// A wallet that is new: there is nothing in it.
    pub(super) fn first(now: Micros, user: &str, item: &Value) -> Result<Self, Broken> {
        let seen = Self::read(now, item);
        let is_empty = seen.assets.is_empty() && seen.owed.is_empty() && seen.head.is_empty();
        let is_new = (seen.version, seen.told) == (0, (0, 0));
        holds!(is_empty && is_new && item.is_object(), Together, "the wallet of {user} begins as {item}");
        Ok(seen)
    }

    /// What can be spent of `asset` at the time `at`, as text.
    pub(crate) fn spendable(&self, asset: &str, at: &str) -> Cents {
        self.assets.get(asset).map_or(0, |part| part.available) - self.expired(asset, at)
    }

    /// What of `asset` is there and has expired at the time `at`, as text.
    pub(super) fn expired(&self, asset: &str, at: &str) -> Cents {
        let expired = |lot: &&(Cents, Option<String>)| lot.1.as_deref().is_some_and(|end| end <= at);
        let lots = self.assets.get(asset).into_iter().flat_map(|part| &part.lots);
        lots.filter(expired).map(|(amount, _)| amount).sum()
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A change to look at.
pub(super) struct Change<'a> {
    pub(super) user: &'a str,
    pub(super) before: &'a Seen,
    pub(super) entry: &'a Entry,
    pub(super) commit: &'a Commit,
    /// The wallet as it is stored now.
    pub(super) item: &'a Value,
}

impl Change<'_> {
    /// The wallet afterwards, if everything holds.
    pub(super) fn check(&self, deposits: &Deposits, now: Micros) -> Result<Seen, Broken> {
        let after = Seen::read(now, self.item);
        match self.compare(deposits, &after) {
            Ok(()) => Ok(after),
            Err(broken) => Err(broken.beside(self.sides(&after))),
        }
    }

    /// The wallet as its lines make it beside the stored one.
    fn sides(&self, after: &Seen) -> Vec<Side> {
        let version = Side::new("version", self.before.version + 1, after.version);
        let assets = self.before.assets.keys().chain(after.assets.keys()).collect::<BTreeSet<_>>();
        let assets = assets.into_iter().flat_map(|asset| {
            let lines = || self.entry.lines.iter().filter(|line| line.asset == *asset);
            let part = |seen: &Seen| seen.assets.get(asset).map_or((0, 0), |part| (part.available, part.held));
            let owed = |seen: &Seen| seen.owed.get(asset).copied().unwrap_or(0);
            let moved: Cents = lines().map(|line| line.delta).sum();
            let set_aside: Cents = lines().filter(|line| line.account == "held").map(|line| -line.delta).sum();
            let lent: Cents = lines().map(|line| line.owed).sum();
            let (known, is) = (part(self.before), part(after));
            [
                Side::new(format!("{asset}, available"), shown(known.0 + moved), shown(is.0)),
                Side::new(format!("{asset}, held"), shown(known.1 + set_aside), shown(is.1)),
                Side::new(format!("{asset}, owed"), shown(owed(self.before) + lent), shown(owed(after))),
            ]
        });
        let lines = self.entry.lines.iter().map(|line| {
            let moved = format!("{} to {}", shown(line.before), shown(line.after));
            Side::new(format!("{} of {}", line.purpose, shown(line.delta)), "", moved)
        });
        std::iter::once(version).chain(assets).chain(lines).collect()
    }

    fn compare(&self, deposits: &Deposits, after: &Seen) -> Result<(), Broken> {
        let (user, entry, before) = (self.user, self.entry, self.before);
        let place = format!("wallet#{user}/{}", entry.version);
        holds!(
            after.version == before.version + 1 && after.version == entry.version,
            Together,
            "{place}: version {} of the wallet follows {}",
            after.version,
            before.version
        );
        holds!(after.at >= before.at && after.at == entry.at, Clock, "{place}: {} follows {}", after.at, before.at);
        self.balances(&place, after)?;
        self.held(&place, after)?;
        expiry::expiry(&place, entry, before, after)?;
        debts::debts(&place, entry, before, after)?;
        self.hashes(&place, after)?;
        self.sequences(&place, after)?;
        limits::limits(&place, self.commit, entry, deposits, (before, after))?;
        told::told(user, entry, self.commit)
    }

    /// What is there is what was there and the lines, asset by asset, with or without a line.
    fn balances(&self, place: &str, after: &Seen) -> Result<(), Broken> {
        let mut available: BTreeMap<&str, Cents> =
            self.before.assets.iter().map(|(asset, part)| (asset.as_str(), part.available)).collect();
        let mut owed: BTreeMap<&str, Cents> =
            self.before.owed.iter().map(|(asset, owed)| (asset.as_str(), *owed)).collect();
        for line in &self.entry.lines {
            let known = available.entry(&line.asset).or_default();
            let adds_up = line.before == *known && line.before + line.delta == line.after && line.after >= 0;
            holds!(adds_up, Line, "{place}: {} was {known}: {line:?}", line.asset);
            *known = line.after;
            let is_debit = line.purpose.starts_with("debit_");
            let owes = match line.purpose.as_str() {
                "debit_bet_correction" => line.owed >= 0,
                "debit_owed_repayment" => line.owed == line.delta,
                _ => line.owed == 0 && line.delta != 0,
            };
            holds!(is_debit == (line.delta < 0 || line.owed > 0) && owes, Line, "{place}: {line:?}");
            holds!((0..=line.delta.abs()).contains(&line.lots), Line, "{place}: lots above the line: {line:?}");
            *owed.entry(&line.asset).or_default() += line.owed;
        }
        available.retain(|asset, cents| *cents != 0 || after.assets.contains_key(*asset));
        let stored: BTreeMap<&str, Cents> =
            after.assets.iter().map(|(asset, part)| (asset.as_str(), part.available)).collect();
        let missing = |asset: &&str| !available.contains_key(*asset) && stored.get(*asset) != Some(&0);
        let fits = available.iter().all(|(asset, cents)| stored.get(asset) == Some(cents));
        holds!(fits && !stored.keys().any(missing), Balance, "{place}: {stored:?} where lines make {available:?}");
        owed.retain(|_, cents| *cents != 0);
        let stored: BTreeMap<&str, Cents> = after.owed.iter().map(|(asset, cents)| (asset.as_str(), *cents)).collect();
        holds!(stored == owed && owed.values().all(|cents| *cents > 0), Balance, "{place}: owed {stored:?}, {owed:?}");
        for (asset, part) in &after.assets {
            let lots: Cents = part.lots.iter().map(|(amount, _)| amount).sum();
            let above = part.lots.iter().all(|(amount, _)| *amount > 0);
            holds!(above && lots <= part.available, Balance, "{place}: lots of {asset} are {lots}: {part:?}");
        }
        let (told, kept) = (text(&self.entry.item, "after"), text(self.item, "assets"));
        holds!(told == kept, Balance, "{place}: after it is {told} where the wallet has {kept}");
        Ok(())
    }

    /// What is held is what its lines took and the holds say.
    fn held(&self, place: &str, after: &Seen) -> Result<(), Broken> {
        let mut holds: BTreeMap<&str, Cents> = BTreeMap::new();
        for (_, hold) in members(&after.holds) {
            *holds.entry(hold["asset"].as_str().unwrap_or_default()).or_default() += of(&hold["amount"]);
        }
        let before = |asset: &String| self.before.assets.get(asset).map_or(0, |part| part.held);
        for (asset, part) in &after.assets {
            let lines = self.entry.lines.iter().filter(|line| line.asset == *asset && line.account == "held");
            let known = before(asset) - lines.map(|line| line.delta).sum::<Cents>();
            let of_holds = holds.get(asset.as_str()).copied().unwrap_or(0);
            let fits = part.held == known && part.held == of_holds && part.held >= 0;
            holds!(fits, Balance, "{place}: {} of {asset} held, lines make {known}, holds {of_holds}", part.held);
        }
        Ok(())
    }

    fn hashes(&self, place: &str, after: &Seen) -> Result<(), Broken> {
        let item = &self.entry.item;
        let events = chain::events(self.commit.events_of(self.user).map(|event| event.text.as_str()));
        holds!(text(item, "evh") == events, Chain, "{place}: its events have the hash {events}: {item}");
        holds!(text(item, "ph") == self.before.head, Chain, "{place}: it does not follow {}", self.before.head);
        let link = chain::link(self.user, item);
        let fits = text(item, "h") == link && after.head == link;
        holds!(fits, Chain, "{place}: its hash is {link}, the wallet has {}: {item}", after.head);
        Ok(())
    }

    /// Events about a wallet are numbered without gaps, wherever their streams are.
    fn sequences(&self, place: &str, after: &Seen) -> Result<(), Broken> {
        let (mut sequence, own) = self.before.told;
        for event in self.commit.events_of(self.user) {
            let wallet = &event.value["metadata"]["wallet"];
            if wallet.is_null() {
                continue;
            }
            sequence += 1;
            let fits = wallet["id"] == self.user
                && wallet["sequence"].as_u64() == Some(sequence)
                && wallet["version"].as_u64() == Some(after.version);
            holds!(fits, Sequence, "{place}: event {sequence} of the wallet says {wallet}");
        }
        let told = (sequence, own + self.entry.count);
        holds!(after.told == told, Sequence, "{place}: {:?} events where {told:?} are told", after.told);
        Ok(())
    }
}
