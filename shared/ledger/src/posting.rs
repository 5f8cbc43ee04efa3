//! A line of the ledger: one change of one asset, with both sides named.

use quoin_events::EntityRef;
use quoin_events::types::WalletEntry;
use quoin_money::{Amount, Asset, Delta};
use serde::{Deserialize, Serialize};

use crate::{Account, Lot, Purpose};

/// One change of an available balance and the account on the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Id, the same however often the change is decided.
    pub transaction_id: String,
    /// The asset.
    pub asset: Asset,
    /// What the available balance gains; the account on the other side loses it.
    pub delta: Delta,
    /// Available before.
    pub before: Amount,
    /// Available after.
    pub after: Amount,
    /// What for.
    pub purpose: Purpose,
    /// The account on the other side.
    pub account: Account,
    /// What the wallet owes more (or, negative, less) afterwards.
    #[serde(default, skip_serializing_if = "Delta::is_zero")]
    pub owed: Delta,
    /// The parts of what moved that expire or are bound to a merchant; a refund restores them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Lot>,
}

impl Posting {
    /// Whether the posting is an event of its own; holds are told by whoever asked for them, and the refund of an
    /// order is told as a whole.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        match self.purpose {
            Purpose::DebitHold | Purpose::CreditHoldVoided | Purpose::CreditOrderRefund => false,
            Purpose::DebitBetStake
            | Purpose::CreditBetPayout
            | Purpose::DebitBetCorrection
            | Purpose::CreditBetRefund
            | Purpose::CreditDeposit
            | Purpose::CreditBonus
            | Purpose::CreditReferral
            | Purpose::DebitTransfer
            | Purpose::CreditTransfer
            | Purpose::CreditAdjustment
            | Purpose::DebitAdjustment
            | Purpose::DebitOwedRepayment
            | Purpose::DebitExpired
            | Purpose::DebitHoldCaptured
            | Purpose::DebitOrderPayment
            | Purpose::DebitCreditPurchase
            | Purpose::CreditCreditPurchase
            | Purpose::DebitBoost
            | Purpose::DebitGigPayment
            | Purpose::CreditGigPayment
            | Purpose::DebitClanContribution => true,
        }
    }

    /// The entry that a `wallet.debited` or `wallet.credited` event tells; `None` when nothing moved.
    #[must_use]
    pub fn entry(&self, user_id: &str, related: &EntityRef) -> Option<WalletEntry> {
        if self.delta.is_zero() || !self.is_public() {
            return None;
        }
        Some(WalletEntry {
            transaction_id: self.transaction_id.clone(),
            user_id: user_id.to_owned(),
            transaction_type: self.purpose.as_str().to_owned(),
            coin_type: self.asset,
            amount: self.delta.magnitude().ok()?,
            balance_before: self.before,
            balance_after: self.after,
            related_entity: related.clone(),
            metadata: None,
        })
    }
}
