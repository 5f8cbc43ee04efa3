//! The one function that moves money.

use quoin_digest::Sha256;
use quoin_events::types::LimitKind;
use quoin_events::{EntityRef, Timestamp};
use quoin_money::{Amount, Asset, Delta};

use crate::balance::draw;
use crate::limits::{LimitError, Window};
use crate::{Change, Hold, Lot, Movement, Posting, Purpose, Rejection, Status, Wallet};

/// A wallet after a change, and the postings that led there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The wallet afterwards, one version later; its chain head is set when the change is written.
    pub wallet: Wallet,
    /// What moved, in order.
    pub postings: Vec<Posting>,
    /// What the change belongs to.
    pub related: EntityRef,
}

impl Decision {
    /// The bound parts of what moved for `purpose`: what a refund of it has to restore.
    #[must_use]
    pub fn lots(&self, purpose: Purpose, asset: Asset) -> Vec<Lot> {
        let concerned = self.postings.iter().filter(|posting| posting.purpose == purpose && posting.asset == asset);
        concerned.flat_map(|posting| posting.lots.iter().cloned()).collect()
    }
}

/// Applies all of `change` to `wallet`, or nothing.
///
/// # Errors
/// The first reason why the change is refused.
pub fn decide(wallet: &Wallet, change: &Change, now: Timestamp, calendar: Window) -> Result<Decision, Rejection> {
    let at = now.max(wallet.at);
    let mut draft = Drafting {
        wallet: Wallet { version: wallet.version.saturating_add(1), at, ..wallet.clone() },
        postings: Vec::with_capacity(change.movements.len()),
        now: at,
        calendar,
    };
    for asset in draft.wallet.balances.keys().copied().collect::<Vec<_>>() {
        draft.expire(asset)?;
    }
    for movement in &change.movements {
        draft.apply(movement)?;
    }
    Ok(Decision { wallet: draft.wallet, postings: draft.postings, related: change.related.clone() })
}

/// A change in the making.
struct Drafting {
    wallet: Wallet,
    postings: Vec<Posting>,
    now: Timestamp,
    calendar: Window,
}

impl Drafting {
    fn apply(&mut self, movement: &Movement) -> Result<(), Rejection> {
        match movement {
            Movement::Debit { asset, amount, purpose, merchant_id } => {
                self.debit(*asset, *amount, *purpose, merchant_id.as_deref()).map(|_| ())
            }
            Movement::Credit { asset, amount, purpose, lots, counted_at } => {
                self.credit((*asset, *amount), *purpose, lots, *counted_at)
            }
            Movement::Collect { asset, amount, purpose } => self.collect(*asset, *amount, *purpose),
            Movement::Hold { hold_id, asset, amount, expires_at } => {
                let hold = Hold { asset: *asset, amount: *amount, expires_at: *expires_at, lots: Vec::new() };
                self.hold(hold_id, hold)
            }
            Movement::Capture { hold_id, amount } => self.capture(hold_id, *amount),
            Movement::Void { hold_id } => self.void(hold_id),
            Movement::UseUp { kind, asset, amount } => self.use_up(*kind, *asset, *amount),
            Movement::GiveBack { kind, asset, amount, counted_at } => {
                let limits = &mut self.wallet.limits;
                Ok(limits.give_back(*kind, (*asset, *amount), *counted_at, self.now, self.calendar)?)
            }
        }
    }

    fn expire(&mut self, asset: Asset) -> Result<(), Rejection> {
        let before = self.wallet.available(asset);
        let Some(balance) = self.wallet.balances.get_mut(&asset) else { return Ok(()) };
        let expired = balance.expire(self.now)?;
        if expired.is_empty() {
            return Ok(());
        }
        self.post(asset, Purpose::DebitExpired, before, Delta::ZERO, expired)
    }

    fn debit(
        &mut self,
        asset: Asset,
        amount: Amount,
        purpose: Purpose,
        merchant: Option<&str>,
    ) -> Result<Vec<Lot>, Rejection> {
        above_zero(amount)?;
        if purpose.is_play() {
            self.allow_play(asset, amount)?;
        }
        if purpose.is_spending() && self.wallet.status == Status::Closed {
            return Err(Rejection::Closed);
        }
        let before = self.wallet.available(asset);
        let balance = self.wallet.balances.entry(asset).or_default();
        let spendable = balance.spendable(self.now, merchant)?;
        if spendable < amount {
            return Err(Rejection::InsufficientBalance { asset, required: amount, available: spendable });
        }
        let lots = balance.take(amount, merchant)?;
        self.post(asset, purpose, before, Delta::ZERO, lots.clone())?;
        Ok(lots)
    }

    fn allow_play(&mut self, asset: Asset, amount: Amount) -> Result<(), Rejection> {
        match self.wallet.status.at(self.now) {
            Status::Active => {}
            Status::SelfExcluded { .. } => return Err(Rejection::SelfExcluded),
            Status::Closed => return Err(Rejection::Closed),
        }
        self.use_up(LimitKind::Stake, asset, amount)?;
        self.use_up(LimitKind::Loss, asset, amount)
    }

    fn use_up(&mut self, kind: LimitKind, asset: Asset, amount: Amount) -> Result<(), Rejection> {
        let Wallet { limits, user_id, .. } = &mut self.wallet;
        limits.use_up(user_id, kind, (asset, amount), self.now, self.calendar).map_err(rejection)
    }

    // Lots that have expired meanwhile are credited and leave again, so that the lines tell the whole story.
    fn credit(
        &mut self,
        (asset, amount): (Asset, Amount),
        purpose: Purpose,
        lots: &[Lot],
        counted_at: Option<Timestamp>,
    ) -> Result<(), Rejection> {
        above_zero(amount)?;
        // What an operator gives is to be had; what follows from a bet may come after its money's end.
        if purpose == Purpose::CreditAdjustment && lots.iter().any(|lot| lot.expired(self.now)) {
            return Err(Rejection::AlreadyExpired);
        }
        self.count((asset, amount), purpose, counted_at)?;
        let before = self.wallet.available(asset);
        let balance = self.wallet.balances.entry(asset).or_default();
        if purpose.gives_back() {
            balance.add(amount, lots, self.now)?;
        } else {
            balance.add_new(amount, lots, self.now)?;
        }
        let bound = lots.iter().filter(|lot| lot.is_bound()).cloned();
        self.post(asset, purpose, before, Delta::ZERO, bound.collect())?;
        self.expire(asset)?;
        self.repay(asset)
    }

    // Winnings and refunds make room in the loss limit, refunds in the stake limit; a win that is taken back uses the
    // loss limit again, a deposit its own. None of that is refused: it has happened. A refund makes room where its stake
    // was counted, and a deposit that was counted when it was asked for is not counted again.
    fn count(
        &mut self,
        money: (Asset, Amount),
        purpose: Purpose,
        counted_at: Option<Timestamp>,
    ) -> Result<(), Rejection> {
        let (now, calendar, limits) = (self.now, self.calendar, &mut self.wallet.limits);
        match purpose {
            Purpose::CreditBetPayout => limits.give_back(LimitKind::Loss, money, now, now, calendar)?,
            Purpose::CreditBetRefund => {
                let counted_at = counted_at.unwrap_or(now);
                limits.give_back(LimitKind::Loss, money, counted_at, now, calendar)?;
                limits.give_back(LimitKind::Stake, money, counted_at, now, calendar)?;
            }
            Purpose::DebitBetCorrection => limits.count(LimitKind::Loss, money, now, calendar)?,
            Purpose::CreditDeposit if counted_at.is_none() => {
                limits.count(LimitKind::Deposit, money, now, calendar)?;
            }
            Purpose::CreditDeposit
            | Purpose::CreditBonus
            | Purpose::CreditReferral
            | Purpose::CreditTransfer
            | Purpose::CreditAdjustment
            | Purpose::CreditHoldVoided
            | Purpose::DebitBetStake
            | Purpose::DebitTransfer
            | Purpose::DebitAdjustment
            | Purpose::DebitOwedRepayment
            | Purpose::DebitExpired
            | Purpose::DebitHold
            | Purpose::DebitHoldCaptured
            | Purpose::DebitOrderPayment
            | Purpose::CreditOrderRefund
            | Purpose::DebitCreditPurchase
            | Purpose::CreditCreditPurchase
            | Purpose::DebitBoost
            | Purpose::DebitGigPayment
            | Purpose::CreditGigPayment
            | Purpose::DebitClanContribution => {}
        }
        Ok(())
    }

    fn repay(&mut self, asset: Asset) -> Result<(), Rejection> {
        let owed = self.wallet.owed.get(&asset).copied().unwrap_or_default();
        let before = self.wallet.available(asset);
        let balance = self.wallet.balances.entry(asset).or_default();
        let part = owed.min(balance.spendable(self.now, None)?);
        if part.is_zero() {
            return Ok(());
        }
        let lots = balance.take(part, None)?;
        self.owe(asset, owed.minus(part)?);
        self.post(asset, Purpose::DebitOwedRepayment, before, Delta::minus(part), lots)
    }

    fn collect(&mut self, asset: Asset, amount: Amount, purpose: Purpose) -> Result<(), Rejection> {
        above_zero(amount)?;
        self.count((asset, amount), purpose, None)?;
        let before = self.wallet.available(asset);
        let balance = self.wallet.balances.entry(asset).or_default();
        let part = amount.min(balance.spendable(self.now, None)?);
        let lots = balance.take(part, None)?;
        let rest = amount.minus(part)?;
        let owed = self.wallet.owed.get(&asset).copied().unwrap_or_default();
        self.owe(asset, owed.plus(rest)?);
        self.post(asset, purpose, before, Delta::plus(rest), lots)
    }

    fn owe(&mut self, asset: Asset, amount: Amount) {
        if amount.is_zero() {
            self.wallet.owed.remove(&asset);
        } else {
            self.wallet.owed.insert(asset, amount);
        }
    }

    fn hold(&mut self, hold_id: &str, mut hold: Hold) -> Result<(), Rejection> {
        if self.wallet.holds.contains_key(hold_id) {
            return Err(Rejection::HoldExists);
        }
        hold.lots = self.debit(hold.asset, hold.amount, Purpose::DebitHold, None)?;
        let balance = self.wallet.balances.entry(hold.asset).or_default();
        balance.held = balance.held.plus(hold.amount)?;
        self.wallet.holds.insert(hold_id.to_owned(), hold);
        Ok(())
    }

    // The hold comes back first, so the payout is a plain debit and the lines tell the whole story. It is paid out of
    // what was held, also of what would have expired meanwhile; only the rest is bound, or expires, again.
    fn capture(&mut self, hold_id: &str, amount: Option<Amount>) -> Result<(), Rejection> {
        let mut hold = self.wallet.holds.get(hold_id).cloned().ok_or(Rejection::UnknownHold)?;
        let amount = amount.unwrap_or(hold.amount);
        if amount > hold.amount {
            return Err(Rejection::CaptureAboveHold);
        }
        above_zero(amount)?;
        self.release(hold_id, &hold)?;
        let before = self.wallet.available(hold.asset);
        let paid = draw(&mut hold.lots, amount, None)?;
        let balance = self.wallet.balances.entry(hold.asset).or_default();
        balance.available = balance.available.minus(amount)?;
        self.post(hold.asset, Purpose::DebitHoldCaptured, before, Delta::ZERO, paid)?;
        self.bind(&hold)
    }

    fn void(&mut self, hold_id: &str) -> Result<(), Rejection> {
        let hold = self.wallet.holds.get(hold_id).cloned().ok_or(Rejection::UnknownHold)?;
        self.release(hold_id, &hold)?;
        self.bind(&hold)
    }

    /// Makes a hold available again; its lots are still to be bound.
    fn release(&mut self, hold_id: &str, hold: &Hold) -> Result<(), Rejection> {
        let before = self.wallet.available(hold.asset);
        let balance = self.wallet.balances.entry(hold.asset).or_default();
        balance.held = balance.held.minus(hold.amount)?;
        balance.available = balance.available.plus(hold.amount)?;
        self.wallet.holds.remove(hold_id);
        self.post(hold.asset, Purpose::CreditHoldVoided, before, Delta::ZERO, hold.lots.clone())
    }

    /// Binds what is left of a released hold.
    fn bind(&mut self, hold: &Hold) -> Result<(), Rejection> {
        self.wallet.balances.entry(hold.asset).or_default().bind(&hold.lots, self.now)?;
        self.expire(hold.asset)?;
        self.repay(hold.asset)
    }

    fn post(
        &mut self,
        asset: Asset,
        purpose: Purpose,
        before: Amount,
        owed: Delta,
        lots: Vec<Lot>,
    ) -> Result<(), Rejection> {
        let after = self.wallet.available(asset);
        let posting = Posting {
            transaction_id: self.transaction_id(),
            asset,
            delta: after.delta_from(before)?,
            before,
            after,
            purpose,
            account: purpose.account(),
            owed,
            lots,
        };
        self.postings.push(posting);
        Ok(())
    }

    // Known from the place in the ledger alone, so a repeated decision names its postings alike.
    fn transaction_id(&self) -> String {
        let place = format!("{}/{}", self.wallet.version, self.postings.len());
        format!("txn_{}", Sha256::of_fields(["txn", &self.wallet.user_id, &place]).hex_prefix(24))
    }
}

fn above_zero(amount: Amount) -> Result<(), Rejection> {
    if amount.is_zero() { Err(Rejection::ZeroAmount) } else { Ok(()) }
}

fn rejection(error: LimitError) -> Rejection {
    match error {
        LimitError::Reached(reached) => Rejection::LimitReached(reached),
        LimitError::Money(error) => Rejection::Money(error),
    }
}
