//! Deposits as their events tell of them, as far as deposit limits depend on it: when one was counted, and whether a
//! failure gave that back before a success.

use std::collections::BTreeMap;

use super::commit::{Commit, Entry, json};
use crate::money::{Cents, of};

/// Deposits by payment.
#[derive(Debug, Clone, Default)]
pub(super) struct Deposits(BTreeMap<String, Deposit>);

/// One of them.
#[derive(Debug, Clone)]
struct Deposit {
    amount: Cents,
    asset: String,
    /// The time of the wallet's change that counted it when it was asked for; none if no limit was there.
    counted_at: Option<String>,
    /// Whether it failed before it succeeded.
    has_failed: bool,
    has_succeeded: bool,
}

/// What a change of a wallet means for the deposit limits on an asset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Counts<'a> {
    /// It is asked for, and refused above the limit.
    Asked(Cents),
    /// It came although it had not been counted, or no longer was.
    Came(Cents),
    /// It failed, and was counted at that time.
    Failed(Cents, &'a str),
    /// Nothing.
    Nothing,
}

impl Deposits {
    /// Notes what `commit` tells of deposits.
    pub(super) fn note(&mut self, commit: &Commit) {
        for event in
            commit.entries.iter().filter(|entry| entry.pk.starts_with("payment#")).flat_map(|entry| &entry.events)
        {
            let (name, data) = (event.value["event"].as_str().unwrap_or_default(), &event.value["data"]);
            let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
            match name {
                "DepositInitiated" => {
                    let wallet = commit.entries.iter().find(|entry| entry.wallet() == data["user_id"].as_str());
                    let counted_at = wallet.map(|entry| entry.at.clone());
                    let (amount, asset) = (of(&data["amount"]), text("asset"));
                    let deposit = Deposit { amount, asset, counted_at, has_failed: false, has_succeeded: false };
                    self.0.insert(text("payment_id"), deposit);
                }
                "DepositFailed" | "DepositSuccess" => {
                    if let Some(deposit) = self.0.get_mut(&text("payment_id")) {
                        deposit.has_failed |= name == "DepositFailed" && !deposit.has_succeeded;
                        deposit.has_succeeded |= name == "DepositSuccess";
                    }
                }
                _ => {}
            }
        }
    }

    /// What `entry` of a wallet in `commit` means for the limits on `asset`.
    pub(super) fn counts(&self, commit: &Commit, entry: &Entry, asset: &str) -> Counts<'_> {
        let cause = json(&entry.item, "cause");
        let payment = cause["id"].as_str().filter(|_| cause["type"] == "payment").unwrap_or_default();
        let Some(deposit) = self.0.get(payment).filter(|deposit| deposit.asset == asset) else {
            return Counts::Nothing;
        };
        let is_credited = entry.lines.iter().any(|line| line.purpose == "credit_deposit");
        let is_asked = commit.entries.iter().any(|one| one.pk == format!("payment#{payment}"));
        match &deposit.counted_at {
            _ if is_asked => Counts::Asked(deposit.amount),
            Some(_) if is_credited && !deposit.has_failed => Counts::Nothing,
            Some(_) | None if is_credited => Counts::Came(deposit.amount),
            Some(counted_at) => Counts::Failed(deposit.amount, counted_at),
            None => Counts::Nothing,
        }
    }
}
