//! What everybody's money must come to, by what it comes from, beside what the lines of the wallets come to.

use std::collections::BTreeMap;

use crate::books::Books;
use crate::findings::{Broken, Check, Side};
use crate::money::{Cents, shown};

/// By user and asset, and then by what it comes from.
#[derive(Debug, Default)]
pub(super) struct Sums(BTreeMap<(String, &'static str), BTreeMap<&'static str, Cents>>);

/// What lines come from, by the beginning of their purpose without its direction. A repayment is no change: what is
/// taken is owed no more. What expires is left out: the model does not know when.
const ORIGINS: [(&str, &str); 12] = [
    ("bet", "bets"),
    ("deposit", "deposits"),
    ("hold", "holds"),
    ("bonus", "bonuses"),
    ("referral", "bonuses"),
    ("transfer", "transfers"),
    ("adjustment", "adjustments"),
    ("order", "orders"),
    ("purchase", "purchases"),
    ("boost", "boosts"),
    ("gig", "gigs"),
    ("clan", "contributions"),
];

/// What there is of.
const ASSETS: [&str; 6] = ["cash", "bonus", "promo_coins", "branded_coins", "rez_coins", "credits"];

impl Sums {
    pub(super) fn add(&mut self, user: &str, asset: &'static str, origin: &'static str, cents: Cents) {
        let of_user = self.0.entry((user.to_owned(), asset)).or_default();
        *of_user.entry(origin).or_default() += cents;
    }

    /// The same for an asset as a line names it.
    pub(super) fn add_to(&mut self, user: &str, asset: &str, origin: &'static str, cents: Cents) {
        let known = ASSETS.into_iter().find(|one| *one == asset).unwrap_or_else(|| panic!("{asset} is no asset"));
        self.add(user, known, origin, cents);
    }

    /// Where the tables say something else.
    pub(super) fn compare(&self, books: &Books, users: &[&str]) -> Vec<Broken> {
        let all = users.iter().flat_map(|user| ASSETS.map(|asset| (*user, asset)));
        all.flat_map(|(user, asset)| self.compare_one(books, user, asset)).collect()
    }

    fn compare_one(&self, books: &Books, user: &str, asset: &'static str) -> Vec<Broken> {
        let none = BTreeMap::new();
        let origins = self.0.get(&(user.to_owned(), asset)).unwrap_or(&none);
        let expected: Cents = origins.values().sum();
        let (available, held, owed) = books.balance(user, asset);
        let lines = || books.lines(user).iter().filter(|line| line.asset == asset);
        let expired: Cents = lines().filter(|line| line.purpose == "debit_expired").map(|line| line.delta).sum();
        let is = available + held - owed - expired;
        let mut what = Vec::new();
        if held != 0 {
            what.push(format!("{user} has {} of {asset} held, every hold has ended", shown(held)));
        }
        if is != expected {
            let (is, expected) = (shown(is), shown(expected));
            what.push(format!("{user} has {is} of {asset} in all, the model {expected}"));
        }
        let mut names: Vec<_> = ORIGINS.iter().map(|(_, name)| *name).collect();
        names.dedup();
        let sides = || {
            let of_origins = names.iter().map(|name| {
                let prefixes = || ORIGINS.iter().filter(|(_, one)| one == name).map(|(prefix, _)| *prefix);
                let of_origin = lines().filter(|line| {
                    let purpose = line.purpose.trim_start_matches("debit_").trim_start_matches("credit_");
                    prefixes().any(|prefix| purpose.starts_with(prefix))
                });
                let sum = of_origin.map(|line| line.delta - line.owed).sum();
                Side::new(*name, shown(origins.get(name).copied().unwrap_or(0)), shown(sum))
            });
            let parts = [("available", available), ("owed", owed), ("expired", -expired)];
            let parts = parts.map(|(name, cents)| Side::new(name, "", shown(cents)));
            let whole = Side::new(format!("{asset} of {user}"), shown(expected), shown(is));
            let whole = [whole, Side::new("held", shown(0), shown(held))];
            of_origins.chain(whole).chain(parts).collect::<Vec<_>>()
        };
        what.into_iter().map(|what| Broken::new(Check::Money, what).beside(sides())).collect()
    }
}
