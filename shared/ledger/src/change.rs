//! What a command asks of a wallet.

use quoin_events::types::LimitKind;
use quoin_events::{EntityRef, Timestamp};
use quoin_money::{Amount, Asset};
use serde::{Deserialize, Serialize};

use crate::Lot;

/// What a posting is for; spelled on the wire as `transaction_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Stake of a bet.
    DebitBetStake,
    /// Payout of a bet.
    CreditBetPayout,
    /// A payout taken back because the result was corrected.
    DebitBetCorrection,
    /// Stake of a cancelled bet.
    CreditBetRefund,
    /// Money put in.
    CreditDeposit,
    /// A bonus.
    CreditBonus,
    /// Reward for a referral.
    CreditReferral,
    /// Sent to another wallet.
    DebitTransfer,
    /// Received from another wallet.
    CreditTransfer,
    /// Given by an operator.
    CreditAdjustment,
    /// Taken by an operator.
    DebitAdjustment,
    /// What the wallet owed, repaid from a credit.
    DebitOwedRepayment,
    /// The rest of a lot past its date.
    DebitExpired,
    /// Set aside by a hold.
    DebitHold,
    /// A hold released.
    CreditHoldVoided,
    /// A hold paid out.
    DebitHoldCaptured,
    /// An order paid.
    DebitOrderPayment,
    /// A paid order that came to nothing.
    CreditOrderRefund,
    /// Cash that credits were bought with.
    DebitCreditPurchase,
    /// Credits bought.
    CreditCreditPurchase,
    /// A boost.
    DebitBoost,
    /// Paid for a gig.
    DebitGigPayment,
    /// Got for a gig.
    CreditGigPayment,
    /// Given to a clan.
    DebitClanContribution,
}

impl Purpose {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DebitBetStake => "debit_bet_stake",
            Self::CreditBetPayout => "credit_bet_payout",
            Self::DebitBetCorrection => "debit_bet_correction",
            Self::CreditBetRefund => "credit_bet_refund",
            Self::CreditDeposit => "credit_deposit",
            Self::CreditBonus => "credit_bonus",
            Self::CreditReferral => "credit_referral",
            Self::DebitTransfer => "debit_transfer",
            Self::CreditTransfer => "credit_transfer",
            Self::CreditAdjustment => "credit_adjustment",
            Self::DebitAdjustment => "debit_adjustment",
            Self::DebitOwedRepayment => "debit_owed_repayment",
            Self::DebitExpired => "debit_expired",
            Self::DebitHold => "debit_hold",
            Self::CreditHoldVoided => "credit_hold_voided",
            Self::DebitHoldCaptured => "debit_hold_captured",
            Self::DebitOrderPayment => "debit_order_payment",
            Self::CreditOrderRefund => "credit_order_refund",
            Self::DebitCreditPurchase => "debit_credit_purchase",
            Self::CreditCreditPurchase => "credit_credit_purchase",
            Self::DebitBoost => "debit_boost",
            Self::DebitGigPayment => "debit_gig_payment",
            Self::CreditGigPayment => "credit_gig_payment",
            Self::DebitClanContribution => "debit_clan_contribution",
        }
    }

    /// Whether this is play, which an excluded person may not do and a stake limit bounds.
    #[must_use]
    pub const fn is_play(self) -> bool {
        matches!(self, Self::DebitBetStake)
    }

    /// Whether this is spending on something, which a closed account does not do.
    #[must_use]
    pub const fn is_spending(self) -> bool {
        matches!(
            self,
            Self::DebitOrderPayment
                | Self::DebitCreditPurchase
                | Self::DebitBoost
                | Self::DebitGigPayment
                | Self::DebitClanContribution
        )
    }

    /// Whether what was taken before comes back, which is never refused for the sake of order in the wallet.
    #[must_use]
    pub const fn gives_back(self) -> bool {
        matches!(self, Self::CreditBetRefund | Self::CreditHoldVoided | Self::CreditOrderRefund)
    }

    /// The account on the other side of the posting.
    #[must_use]
    pub const fn account(self) -> Account {
        match self {
            Self::DebitBetStake | Self::CreditBetRefund => Account::Stakes,
            Self::CreditBetPayout | Self::DebitBetCorrection => Account::Payouts,
            Self::CreditDeposit | Self::DebitHoldCaptured => Account::Payments,
            Self::CreditBonus | Self::CreditReferral | Self::DebitExpired => Account::BonusCost,
            Self::DebitTransfer | Self::CreditTransfer | Self::DebitGigPayment | Self::CreditGigPayment => {
                Account::Transfers
            }
            Self::CreditAdjustment | Self::DebitAdjustment => Account::Adjustments,
            Self::DebitOwedRepayment => Account::Receivables,
            Self::DebitHold | Self::CreditHoldVoided => Account::Held,
            Self::DebitOrderPayment | Self::CreditOrderRefund => Account::Orders,
            Self::DebitCreditPurchase | Self::CreditCreditPurchase | Self::DebitBoost => Account::Credits,
            Self::DebitClanContribution => Account::Clans,
        }
    }
}

/// Accounts of the house; never touched on the hot path, rolled up from the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Stakes taken.
    Stakes,
    /// Winnings paid.
    Payouts,
    /// Money at payment providers.
    Payments,
    /// What marketing gives away.
    BonusCost,
    /// Money on its way between two wallets; zero after each commit.
    Transfers,
    /// Operators' corrections.
    Adjustments,
    /// What wallets owe.
    Receivables,
    /// The same wallet's held money.
    Held,
    /// Money taken for orders.
    Orders,
    /// Credits given out and taken back, and the cash that they were sold for.
    Credits,
    /// Credits that members gave to clans.
    Clans,
}

/// One movement on one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// Takes an amount that must be there.
    Debit {
        /// The asset.
        asset: Asset,
        /// How much; above zero.
        amount: Amount,
        /// What for.
        purpose: Purpose,
        /// The merchant who is paid, for coins that only that merchant accepts.
        merchant_id: Option<String>,
    },
    /// Gives an amount; what the wallet owes of the asset is repaid from it at once.
    Credit {
        /// The asset.
        asset: Asset,
        /// How much; above zero.
        amount: Amount,
        /// What for.
        purpose: Purpose,
        /// The parts of it that expire or are bound to a merchant.
        lots: Vec<Lot>,
        /// When limits counted what this answers, if they did: the stake of a refund, the request for a deposit.
        counted_at: Option<Timestamp>,
    },
    /// Takes what is there; the rest is owed.
    Collect {
        /// The asset.
        asset: Asset,
        /// How much; above zero.
        amount: Amount,
        /// What for.
        purpose: Purpose,
    },
    /// Sets an amount aside.
    Hold {
        /// Id of the hold, unique in the wallet.
        hold_id: String,
        /// The asset.
        asset: Asset,
        /// How much; above zero.
        amount: Amount,
        /// When it may be voided by anybody.
        expires_at: Option<Timestamp>,
    },
    /// Pays out part or all of a hold and releases the rest.
    Capture {
        /// The hold.
        hold_id: String,
        /// How much of it; all of it if absent.
        amount: Option<Amount>,
    },
    /// Releases a hold.
    Void {
        /// The hold.
        hold_id: String,
    },
    /// Counts an amount against limits before it moves; refused above one.
    UseUp {
        /// Which limits.
        kind: LimitKind,
        /// The asset.
        asset: Asset,
        /// How much.
        amount: Amount,
    },
    /// Gives back what was counted, in the windows that it was counted in; never refused.
    GiveBack {
        /// Which limits.
        kind: LimitKind,
        /// The asset.
        asset: Asset,
        /// How much.
        amount: Amount,
        /// When it was counted.
        counted_at: Timestamp,
    },
}

/// What one commit does to one wallet, all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What the movements belong to.
    pub related: EntityRef,
    /// The movements, in order.
    pub movements: Vec<Movement>,
}
