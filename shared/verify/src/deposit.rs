//! A credited deposit against its payment: the provider has to have called it paid.

use quoin_events::EventData;
use quoin_events::types::DepositSuccess;
use quoin_ledger::{Posting, Purpose};
use quoin_money::Delta;

use crate::{Break, Entry, Kind};

/// The break where `posting`, in the wallet of `user_id` at `place`, credits a deposit that the payment's own stream
/// does not tell of.
#[must_use]
pub fn explain_deposit(user_id: &str, place: &str, posting: &Posting, stream: &[Entry]) -> Option<Break> {
    if posting.purpose != Purpose::CreditDeposit {
        return None;
    }
    let told = stream.iter().flat_map(|entry| &entry.events).filter(|event| event.event == DepositSuccess::NAME);
    let told: Vec<DepositSuccess> = told.filter_map(|event| event.data().ok()).collect();
    let is_line = |paid: &DepositSuccess| {
        paid.user_id == user_id && paid.asset == posting.asset && Delta::plus(paid.amount) == posting.delta
    };
    if told.iter().any(is_line) {
        return None;
    }
    let expected = told.first().map_or_else(
        || "a payment that succeeded".to_owned(),
        |paid| format!("{} {} for {}", paid.amount, paid.asset, paid.user_id),
    );
    let found = format!("{} {} {}", posting.purpose.as_str(), posting.delta, posting.asset);
    Some(Break::new(Kind::Deposit, place, found, expected))
}
