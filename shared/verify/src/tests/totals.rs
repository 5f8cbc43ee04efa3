//! Sums over all wallets.

use std::collections::BTreeMap;

use crate::{Checkpoint, Kind, Totals, WalletReport};
use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Movement, Purpose};
use quoin_money::{Amount, Asset, Delta};

use super::history::History;

fn report(history: &History) -> WalletReport {
    let (fold, _) = history.check();
    let checkpoint = Checkpoint { fold, ..Checkpoint::default() };
    WalletReport { checkpoint, wallet: Some(history.wallet.clone()), ..WalletReport::default() }
}

fn wallet(purpose: Purpose, units: u32) -> History {
    let mut history = History::new();
    let cause = EntityRef { kind: "transfer".to_owned(), id: "t".to_owned() };
    let deposit = |purpose, units| Movement::Credit {
        asset: Asset::Cash,
        amount: Amount::whole(units),
        purpose,
        lots: Vec::new(),
        counted_at: None,
    };
    assert!(history.change(&cause, vec![deposit(Purpose::CreditDeposit, 100)], Timestamp::from_millis(1)));
    let movement = if purpose == Purpose::CreditTransfer {
        deposit(purpose, units)
    } else {
        Movement::Debit { asset: Asset::Cash, amount: Amount::whole(units), purpose, merchant_id: None }
    };
    assert!(history.change(&cause, vec![movement], Timestamp::from_millis(2)));
    history
}

fn kinds(reports: &[WalletReport]) -> Vec<Kind> {
    let mut totals = Totals::default();
    reports.iter().for_each(|report| totals.add(report).unwrap());
    totals.breaks().unwrap().into_iter().map(|found| found.kind).collect()
}

#[test]
fn what_one_gives_the_other_gets() {
    let (from, to) = (wallet(Purpose::DebitTransfer, 40), wallet(Purpose::CreditTransfer, 40));
    assert_eq!(kinds(&[report(&from), report(&to)]), []);
    assert_eq!(kinds(&[report(&from), report(&wallet(Purpose::CreditTransfer, 41))]), [Kind::Sum]);
    assert_eq!(kinds(&[report(&from)]), [Kind::Sum]);
}

#[test]
fn a_transfer_that_came_while_wallets_were_read_is_no_break() {
    let late = Delta::plus(Amount::whole(40));
    let from = WalletReport {
        late_transfers: BTreeMap::from([(Asset::Cash, late)]),
        ..report(&wallet(Purpose::DebitTransfer, 40))
    };
    assert_eq!(kinds(&[from]), []);
}

#[test]
fn wallets_that_have_more_than_was_posted_are_found_in_the_sum() {
    let mut history = wallet(Purpose::DebitAdjustment, 5);
    assert_eq!(kinds(&[report(&history)]), []);
    let cash = history.wallet.balances.get_mut(&Asset::Cash).unwrap();
    cash.available = cash.available.plus(Amount::whole(1)).unwrap();
    assert_eq!(kinds(&[report(&history)]), [Kind::Sum]);
}
