//! What a member gives to their clan, from the wallet to the event that tells of it.

use quoin_events::types::{
    ClanContribution, CreditEventType, CreditReason, CreditSpent, TargetType, WalletDebitFailed,
};
use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_ledger::{Change, Decision, Movement, Purpose, Rejection, Wallet, Window, decide};
use quoin_money::{Amount, Asset};
use quoin_store::{Append, Commit, StoreError, Stream, WalletWrite};
use serde::Serialize;

/// The most credits of one contribution.
pub(crate) const MAX_CREDITS: u32 = 1_000_000;

/// What a member gives.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Contribution<'a> {
    /// The contribution.
    #[serde(skip)]
    pub(crate) contribution_id: &'a str,
    /// To whom.
    pub(crate) clan_id: &'a str,
    /// From whom.
    pub(crate) user_id: &'a str,
    /// Credits.
    pub(crate) amount: Amount,
}

impl Contribution<'_> {
    /// Its stream.
    pub(crate) fn stream(&self) -> Stream {
        Stream::new("contribution", self.contribution_id)
    }

    /// What it takes from `wallet`.
    ///
    /// # Errors
    /// Why the wallet does not give it.
    pub(crate) fn debit(&self, wallet: &Wallet, now: Timestamp, calendar: Window) -> Result<Decision, Rejection> {
        let debit = Movement::Debit {
            asset: Asset::Credits,
            amount: self.amount,
            purpose: Purpose::DebitClanContribution,
            merchant_id: None,
        };
        decide(wallet, &Change { related: self.entity(), movements: vec![debit] }, now, calendar)
    }

    /// What is told where the wallet has too little.
    pub(crate) fn failed(&self, rejection: &Rejection) -> Option<WalletDebitFailed> {
        rejection.debit_failed(self.user_id, Purpose::DebitClanContribution, &self.entity())
    }

    fn entity(&self) -> EntityRef {
        let Stream { kind, id } = self.stream();
        EntityRef { kind: kind.to_owned(), id }
    }

    /// The first item of its stream and the wallet's change, once the wallet has given it; the receipt is missing.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn written(&self, wallet: Wallet, decision: Decision) -> Result<(Append, Commit), StoreError> {
        let at = decision.wallet.at;
        let mut write = WalletWrite::new(wallet, decision)?;
        let append = Append::first(self.stream(), at).state(self)?;
        let append = append.events(write.take_events()).events(self.told(at)?);
        Ok((append, Commit::new().wallet(write)))
    }

    fn told(&self, at: Timestamp) -> Result<[Draft; 2], serde_json::Error> {
        let (user_id, clan_id) = (self.user_id.to_owned(), self.clan_id.to_owned());
        let given = ClanContribution {
            kind: CreditEventType::ClanContribution,
            user_id: user_id.clone(),
            target_id: clan_id.clone(),
            amount: self.amount,
            event_id: self.contribution_id.to_owned(),
            timestamp: at,
        };
        let spent = CreditSpent {
            kind: CreditEventType::CreditSpent,
            user_id,
            amount: self.amount,
            reason: CreditReason::ClanContribution,
            target_type: TargetType::Clan,
            target_id: clan_id,
            event_id: self.contribution_id.to_owned(),
            timestamp: at,
        };
        Ok([Draft::new(&given, at)?, Draft::new(&spent, at)?])
    }
}
