//! The payment of a gig: from its owner to who completed it, decided in one go.

use quoin_events::types::{
    CreditEarned, CreditEventType, CreditReason, CreditSpent, GigPayment, TargetType, WalletDebitFailed,
};
use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_ledger::{Passing, Purpose, Rejection, Wallet, Window, decide_between};
use quoin_money::{Amount, Asset};
use quoin_ranks::{Listed, Standing};
use quoin_runtime::Problem;
use quoin_store::{Commit, Snapshot, StoreError, WalletWrite};
use serde::Serialize;

use crate::gig::Gig;
use crate::known::Known;

/// A gig and the wallets of who pays and who is paid.
pub(crate) struct Paying {
    pub(crate) gig: Standing<Known>,
    pub(crate) owner: Option<Wallet>,
    pub(crate) worker: Option<Wallet>,
}

impl Snapshot for Paying {
    fn rebase(&mut self, wallet: Wallet) {
        for side in [&mut self.owner, &mut self.worker] {
            if side.as_ref().is_some_and(|known| known.user_id == wallet.user_id) {
                *side = Some(wallet.clone());
            }
        }
    }

    fn is_outdated_by(&self, item: usize) -> bool {
        self.gig.is_outdated_by(item)
    }
}

/// A gig that is paid.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct PaidGig {
    /// The payment.
    payment_id: String,
    /// The gig.
    gig_id: String,
    /// Who was paid.
    to_user_id: String,
    /// Credits.
    amount: Amount,
    /// Credits that the payer has left.
    balance: Amount,
}

/// Why a gig is not paid.
#[derive(Debug)]
pub(crate) enum Unpaid {
    /// A rule refuses it, which is an answer like any other.
    Refused(Problem),
    /// A wallet refuses it, and so is that.
    Rejected(Rejection),
    /// It cannot be decided.
    Failed(Problem),
}

impl From<StoreError> for Unpaid {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<serde_json::Error> for Unpaid {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Paying {
    /// The moment of a payment that is made now: time does not go back in a wallet, nor in the gig's stream.
    fn moment(&self, now: Timestamp) -> Timestamp {
        let wallets = self.owner.iter().chain(&self.worker).map(|wallet| wallet.at);
        wallets.fold(self.gig.moment(now), Timestamp::max)
    }

    /// What pays the gig as `payment_id`, and what its owner is answered.
    ///
    /// # Errors
    /// A refusal, or why it cannot be decided.
    pub(crate) fn decide(
        &self,
        table: &str,
        payment_id: &str,
        now: Timestamp,
        calendar: Window,
    ) -> Result<(Commit, PaidGig), Unpaid> {
        let at = self.moment(now);
        let known = &self.gig.row.entity;
        let gig = &known.gig;
        let (next, worker) = gig.paid(at).map_err(|refusal| Unpaid::Refused(refusal.into()))?;
        let missing = || Unpaid::Failed(Problem::not_found("wallet"));
        let from = self.owner.clone().ok_or_else(missing)?;
        let to = self.worker.clone().ok_or_else(missing)?;
        let passing = Passing {
            related: related(&gig.gig_id),
            asset: Asset::Credits,
            amount: gig.price,
            purposes: (Purpose::DebitGigPayment, Purpose::CreditGigPayment),
        };
        let (debit, credit) = decide_between(&from, &to, &passing, at, calendar).map_err(Unpaid::Rejected)?;
        let answer = PaidGig {
            payment_id: payment_id.to_owned(),
            gig_id: gig.gig_id.clone(),
            to_user_id: worker.to_owned(),
            amount: gig.price,
            balance: debit.wallet.available(Asset::Credits),
        };
        let (mut debit, mut credit) = (WalletWrite::new(from, debit)?, WalletWrite::new(to, credit)?);
        let told = told(gig, worker, payment_id, at)?;
        let events: Vec<_> = debit.take_events().into_iter().chain(credit.take_events()).chain(told).collect();
        let commit = self.gig.next(table, known.of(next), at, events)?;
        Ok((commit.wallet(debit).wallet(credit), answer))
    }
}

/// What is told of a payment that a wallet refuses: that of who pays has too little.
pub(crate) fn failed(rejection: &Rejection, user_id: &str, gig_id: &str) -> Option<WalletDebitFailed> {
    rejection.debit_failed(user_id, Purpose::DebitGigPayment, &related(gig_id))
}

fn related(gig_id: &str) -> EntityRef {
    EntityRef { kind: Known::KIND.to_owned(), id: gig_id.to_owned() }
}

/// The payment as its three events have it.
fn told(gig: &Gig, worker: &str, payment_id: &str, at: Timestamp) -> Result<[Draft; 3], serde_json::Error> {
    let (owner, gig_id, event_id) = (gig.owner_id.clone(), gig.gig_id.clone(), payment_id.to_owned());
    let payment = GigPayment {
        kind: CreditEventType::GigPayment,
        user_id: owner.clone(),
        target_id: gig_id.clone(),
        to_user_id: worker.to_owned(),
        amount: gig.price,
        event_id: event_id.clone(),
        timestamp: at,
    };
    let spent = CreditSpent {
        kind: CreditEventType::CreditSpent,
        user_id: owner.clone(),
        amount: gig.price,
        reason: CreditReason::GigPayment,
        target_type: TargetType::Gig,
        target_id: gig_id.clone(),
        event_id: event_id.clone(),
        timestamp: at,
    };
    let earned = CreditEarned {
        kind: CreditEventType::CreditEarned,
        user_id: worker.to_owned(),
        amount: gig.price,
        reason: CreditReason::GigPayment,
        target_type: TargetType::Gig,
        target_id: gig_id,
        from_user_id: owner,
        event_id,
        timestamp: at,
    };
    Ok([Draft::new(&payment, at)?, Draft::new(&spent, at)?, Draft::new(&earned, at)?])
}
