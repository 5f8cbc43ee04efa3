//! The general ledger: each account is what the lines of all wallets make it, and its two sides are one.

use std::collections::BTreeMap;

use crate::audit::{PURPOSES, text};
use crate::books::Books;
use crate::cloud::Cloud;
use crate::findings::{Broken, Check, Side};
use crate::money::{Cents, cents, of, shown};

/// Accounts of the ledger, and the accounts of the house that they are called in the journal; what has arrived stands
/// nowhere in between.
const ACCOUNTS: [(&str, &str); 14] = [
    ("stakes", "stakes"),
    ("payouts", "payouts"),
    ("payments", "payments"),
    ("bonus_cost", "bonus_cost"),
    ("transfers", "transfers"),
    ("adjustments", "adjustments"),
    ("receivables", "receivables"),
    ("order_revenue", "orders"),
    ("credits", "credits"),
    ("clans", "clans"),
    ("order_clearing", ""),
    (REVENUE, ""),
    (TAX, ""),
    ("suspense", ""),
];
const REVENUE: &str = "subscription_revenue";
const TAX: &str = "tax_payable";
/// Percent of the net price.
const TAX_PERCENT: Cents = 18;
const WALLETS: &str = "user_wallets";

/// Compares every account.
pub(super) fn compare(cloud: &Cloud, books: &Books) -> Vec<Broken> {
    let is = balances(cloud);
    let mut expected: BTreeMap<(&str, &str), Cents> = BTreeMap::new();
    for line in books.all_lines() {
        let account = PURPOSES.iter().find(|(purpose, _, _)| *purpose == line.purpose).map_or("", |one| one.1);
        // What is set aside stays its owner's.
        if account == "held" {
            continue;
        }
        let known = ACCOUNTS.iter().find(|(_, house)| !house.is_empty() && *house == account);
        let name = known.map_or("suspense", |(name, _)| name);
        *expected.entry((name, &line.asset)).or_default() += line.delta;
        *expected.entry((WALLETS, &line.asset)).or_default() -= line.delta;
    }
    // What members pay goes past wallets: the net price is revenue, rounded half up, and the rest is tax.
    for (_, _, event) in books.events().filter(|(_, _, event)| event["event"] == "payment.processed") {
        let paid = of(&event["data"]["amount"]);
        let net = (200 * paid + 100 + TAX_PERCENT) / (2 * (100 + TAX_PERCENT));
        *expected.entry(("payments", "cash")).or_default() += paid;
        *expected.entry((REVENUE, "cash")).or_default() -= net;
        *expected.entry((TAX, "cash")).or_default() -= paid - net;
    }
    let mut places: Vec<_> = is.keys().map(|(account, asset)| (account.as_str(), asset.as_str())).collect();
    places.extend(expected.keys());
    places.sort_unstable();
    places.dedup();
    let differing = places.into_iter().filter_map(|(account, asset)| {
        let must = expected.get(&(account, asset)).copied().unwrap_or(0);
        let is = is.get(&(account.to_owned(), asset.to_owned())).copied().unwrap_or(0);
        let what = || format!("{account} of {asset} in the ledger is {}, the lines make {}", shown(is), shown(must));
        let side = || Side::new(format!("{account} of {asset}"), shown(must), shown(is));
        (is != must).then(|| Broken::new(Check::Ledger, what()).beside([side()]))
    });
    differing.collect()
}

/// Debits less credits of each account and asset, over all months.
fn balances(cloud: &Cloud) -> BTreeMap<(String, String), Cents> {
    let mut sums: BTreeMap<(String, String), Cents> = BTreeMap::new();
    for item in cloud.scan("AccountingTable").iter().filter(|item| text(item, "pk") == "months") {
        for (name, value) in item.as_object().into_iter().flatten() {
            let mut parts = name.split('.');
            let (Some(account), Some(asset), Some(side)) = (parts.next(), parts.next(), parts.next()) else { continue };
            let amount = value["N"].as_str().and_then(cents).unwrap_or_else(|| panic!("{name} is {value}"));
            let amount = if side == "debit" { amount } else { -amount };
            *sums.entry((account.to_owned(), asset.to_owned())).or_default() += amount;
        }
    }
    sums
}
