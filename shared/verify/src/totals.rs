//! What was checked, and sums over all of it: per asset, what wallets have and what the accounts of the house have on
//! the other side.

use std::collections::BTreeMap;

use quoin_ledger::{Account, Wallet};
use quoin_money::{Asset, Delta, MoneyError};
use serde::Serialize;

use crate::{Break, Kind, WalletReport};

/// Sums of one asset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AssetTotals {
    /// What wallets can spend.
    pub available: Delta,
    /// What they have set aside.
    pub held: Delta,
    /// What they owe.
    pub owed: Delta,
    /// What the accounts on the other side have.
    pub accounts: BTreeMap<Account, Delta>,
    /// Of the account of transfers, what is too young to say that its other side has been seen.
    #[serde(skip)]
    late_transfers: Delta,
}

/// Counts and sums of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Wallets.
    pub wallets: u64,
    /// Streams, those of wallets included.
    pub streams: u64,
    /// Items of the journal.
    pub items: u64,
    /// Events.
    pub events: u64,
    /// Postings.
    pub postings: u64,
    /// Sums by asset.
    pub assets: BTreeMap<Asset, AssetTotals>,
}

impl Totals {
    /// Takes a wallet in.
    ///
    /// # Errors
    /// If a sum is too large.
    pub fn add(&mut self, report: &WalletReport) -> Result<(), MoneyError> {
        self.wallets = self.wallets.saturating_add(1);
        self.postings = self.postings.saturating_add(report.postings);
        if let Some(wallet) = &report.wallet {
            self.add_wallet(wallet)?;
        }
        for (asset, accounts) in &report.checkpoint.fold.accounts {
            let totals = self.assets.entry(*asset).or_default();
            for (account, delta) in accounts {
                let sum = totals.accounts.entry(*account).or_default();
                *sum = sum.and(*delta)?;
            }
        }
        for (asset, delta) in &report.late_transfers {
            let totals = self.assets.entry(*asset).or_default();
            totals.late_transfers = totals.late_transfers.and(*delta)?;
        }
        Ok(())
    }

    fn add_wallet(&mut self, wallet: &Wallet) -> Result<(), MoneyError> {
        for (asset, balance) in &wallet.balances {
            let totals = self.assets.entry(*asset).or_default();
            totals.available = totals.available.and(Delta::plus(balance.available))?;
            totals.held = totals.held.and(Delta::plus(balance.held))?;
        }
        for (asset, owed) in &wallet.owed {
            let totals = self.assets.entry(*asset).or_default();
            totals.owed = totals.owed.and(Delta::plus(*owed))?;
        }
        Ok(())
    }

    /// The breaks of sums over all wallets: what is there and what the accounts have is nothing together, and what
    /// was given to others has been got by them.
    ///
    /// # Errors
    /// If a sum is too large.
    pub fn breaks(&self) -> Result<Vec<Break>, MoneyError> {
        let mut breaks = Vec::new();
        for (asset, totals) in &self.assets {
            let accounts = totals.accounts.values().try_fold(Delta::ZERO, |sum, delta| sum.and(*delta))?;
            let sum = totals.available.and(accounts)?;
            if !sum.is_zero() {
                let found = format!("{} in wallets and {accounts} on the other side", totals.available);
                breaks.push(Break::new(Kind::Sum, format!("all wallets, {asset}"), found, "0 together"));
            }
            let transfers = totals.accounts.get(&Account::Transfers).copied().unwrap_or_default();
            if transfers != totals.late_transfers {
                let found = format!("{transfers} on account transfers");
                let expected = totals.late_transfers.to_string();
                breaks.push(Break::new(Kind::Sum, format!("all wallets, {asset}"), found, expected));
            }
        }
        Ok(breaks)
    }
}
