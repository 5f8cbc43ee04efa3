//! Why a wallet refuses a change.

use quoin_events::EntityRef;
use quoin_events::types::{WalletDebitFailed, WalletLimitReached};
use quoin_money::{Amount, Asset, MoneyError};

use crate::Purpose;

/// A refusal; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is not enough to spend.
    #[error("the wallet has {available} {asset} to spend, {required} are needed")]
    InsufficientBalance {
        /// The asset.
        asset: Asset,
        /// What was asked for.
        required: Amount,
        /// What can be spent.
        available: Amount,
    },
    /// The person has excluded themselves from play.
    #[error("the account is excluded from play")]
    SelfExcluded,
    /// The account is closed.
    #[error("the account is closed")]
    Closed,
    /// A responsible-gaming limit is reached.
    #[error("the limit of {} {} is reached", .0.limit, .0.asset)]
    LimitReached(Box<WalletLimitReached>),
    /// No such hold.
    #[error("there is no hold of this id")]
    UnknownHold,
    /// A hold of this id exists.
    #[error("a hold of this id exists")]
    HoldExists,
    /// More was to be captured than is held.
    #[error("more was to be captured than is held")]
    CaptureAboveHold,
    /// What was to be given would be gone at once.
    #[error("what is given must not have expired")]
    AlreadyExpired,
    /// A movement of nothing.
    #[error("the amount must be above zero")]
    ZeroAmount,
    /// The numbers are too large.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Rejection {
    /// What is told of a debit for `purpose` that there was too little for; `None` where something else was in the way.
    #[must_use]
    pub fn debit_failed(&self, user_id: &str, purpose: Purpose, related: &EntityRef) -> Option<WalletDebitFailed> {
        let Self::InsufficientBalance { required, available, .. } = self else { return None };
        Some(WalletDebitFailed {
            user_id: user_id.to_owned(),
            transaction_type: purpose.as_str().to_owned(),
            amount_required: *required,
            amount_available: *available,
            failure_reason: self.code().to_owned(),
            related_order_id: None,
            related_entity: Some(related.clone()),
        })
    }

    /// The stable code that clients see.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InsufficientBalance { .. } => "WALLET_INSUFFICIENT_BALANCE",
            Self::SelfExcluded => "SELF_EXCLUDED",
            Self::Closed => "WALLET_CLOSED",
            Self::LimitReached(_) => "LIMIT_REACHED",
            Self::UnknownHold => "HOLD_NOT_FOUND",
            Self::HoldExists => "HOLD_EXISTS",
            Self::CaptureAboveHold => "CAPTURE_ABOVE_HOLD",
            Self::AlreadyExpired => "EXPIRY_INVALID",
            Self::ZeroAmount => "AMOUNT_ZERO",
            Self::Money(_) => "AMOUNT_OUT_OF_RANGE",
        }
    }
}
