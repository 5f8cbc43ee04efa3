//! What orders take from wallets and give back, worked out again: which assets pay in which order, the coins that end
//! soonest first, and a refund is the payment again, with every end and every merchant that its parts had.

use std::collections::BTreeMap;

use super::commit::{Commit, Entry, Line};
use super::wallet::{Coin, Seen};
use crate::findings::{Broken, holds};
use crate::money::{Cents, of};

/// What pays, one after the other; all but the last are whole coins.
const ASSETS: [&str; 4] = ["promo_coins", "branded_coins", "rez_coins", "cash"];

/// What each order took, by order: assets, amounts, and the parts of them that end or are bound.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders(BTreeMap<String, Vec<Paid>>);

type Paid = (String, Cents, Vec<Coin>);

/// How a wallet pays `total` to `merchant` at the time `at`, as text: assets and amounts, less than `total` in all if
/// it cannot.
pub(crate) fn plan(wallet: &Seen, total: Cents, merchant: &str, at: &str) -> Vec<(&'static str, Cents)> {
    let mut rest = total;
    let pay = |asset: &'static str| {
        let there = if asset == "branded_coins" {
            let coins = wallet.assets.get(asset).into_iter().flat_map(|part| &part.coins);
            let own = coins.filter(|coin| coin.is_left(at) && coin.merchant.as_deref() == Some(merchant));
            own.map(|coin| coin.amount).sum()
        } else {
            wallet.spendable(asset, at)
        };
        let there = there.min(rest);
        let part = if asset == "cash" { there } else { there - there % 100 };
        rest -= part;
        (asset, part)
    };
    ASSETS.map(pay).into_iter().filter(|(_, part)| *part != 0).collect()
}

impl Orders {
    /// Looks at a change of a wallet that an order makes.
    pub(super) fn check(
        &mut self,
        place: &str,
        commit: &Commit,
        entry: &Entry,
        (before, after): (&Seen, &Seen),
    ) -> Result<(), Broken> {
        let of_purpose = |purpose: &'static str| entry.lines.iter().filter(move |line| line.purpose == purpose);
        let paid: Vec<_> = of_purpose("debit_order_payment").collect();
        let refunded: Vec<_> = of_purpose("credit_order_refund").collect();
        let named = |name: &str, member: &str| {
            let mut events = commit.entries.iter().flat_map(|entry| &entry.events);
            events.find(|event| event.value["event"] == name).map(|event| event.value["data"][member].clone())
        };
        let text = |value: Option<serde_json::Value>| value.as_ref().and_then(|one| one.as_str()).map(str::to_owned);
        if !paid.is_empty() {
            let (order, merchant) = (text(named("order.paid", "order_id")), text(named("order.paid", "merchant_id")));
            let (Some(order), Some(merchant)) = (order, merchant) else {
                return Err(holds_not(place, "pays an order that the commit does not tell of"));
            };
            let total = named("order.paid", "amount").map_or(0, |amount| of(&amount));
            let expected = plan(before, total, &merchant, &entry.at);
            let is: Vec<_> = paid.iter().map(|line| (line.asset.as_str(), -line.delta)).collect();
            let sum: Cents = expected.iter().map(|(_, part)| part).sum();
            let sides = [format!("{total} in {expected:?}"), format!("{is:?}")];
            holds!(
                is == expected && sum == total,
                Orders,
                ["payment", &sides[0], &sides[1]],
                "{place}: {total} is paid with {is:?} where {expected:?}"
            );
            for line in &paid {
                soonest_first(place, &line.asset, &merchant, &entry.at, (before, after))?;
            }
            let parts = paid.into_iter().map(taken).collect();
            holds!(
                self.0.insert(order.clone(), parts).is_none(),
                Orders,
                ["payments", 1, 2],
                "{place}: {order} is paid again"
            );
        }
        if !refunded.is_empty() {
            let order = text(named("wallet.refunded", "original_order_id")).unwrap_or_default();
            let expected = self.0.remove(&order).unwrap_or_default();
            let is: Vec<_> = refunded.into_iter().map(taken).collect();
            let sides = [format!("{expected:?}"), format!("{is:?}")];
            holds!(
                is == expected,
                Orders,
                ["given back", &sides[0], &sides[1]],
                "{place}: {order} took {expected:?} and gives back {is:?}"
            );
        }
        Ok(())
    }
}

fn holds_not(place: &str, what: &str) -> Broken {
    Broken::new(crate::findings::Check::Orders, format!("{place} {what}"))
}

/// What a line moved, its parts in order.
fn taken(line: &Line) -> Paid {
    let mut coins = line.coins.clone();
    coins.sort();
    (line.asset.clone(), line.delta.abs(), coins)
}

/// Nothing that ends later was taken while something that ends sooner is left.
fn soonest_first(
    place: &str,
    asset: &str,
    merchant: &str,
    at: &str,
    (before, after): (&Seen, &Seen),
) -> Result<(), Broken> {
    // What never ends comes last.
    let by_end = |seen: &Seen| {
        let mut sums: BTreeMap<String, Cents> = BTreeMap::new();
        let Some(part) = seen.assets.get(asset) else { return sums };
        let mut free = part.available;
        for coin in &part.coins {
            free -= coin.amount;
            if coin.is_left(at) && coin.merchant.as_deref().is_none_or(|one| one == merchant) {
                let end = coin.expires_at.clone().unwrap_or_else(|| "never".to_owned());
                *sums.entry(end).or_default() += coin.amount;
            }
        }
        *sums.entry("never".to_owned()).or_default() += free;
        sums
    };
    let (was, is) = (by_end(before), by_end(after));
    let left = |end: &String| is.get(end).copied().unwrap_or(0);
    let last_taken = was.iter().filter(|(end, sum)| left(end) < **sum).map(|(end, _)| end).next_back();
    let first_left = was.keys().find(|end| left(end) > 0);
    let is_in_order = last_taken.zip(first_left).is_none_or(|(taken, left)| taken <= left);
    holds!(is_in_order, Orders, "{place}: {asset} that ends {last_taken:?} is taken while {first_left:?} is left");
    Ok(())
}
