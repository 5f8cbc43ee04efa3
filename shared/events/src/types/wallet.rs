//! `wallet.events`.

use std::collections::BTreeMap;

use quoin_money::{Amount, Asset};

use super::event_data;
use crate::{EntityRef, Sealed};

event_data! {
    /// An amount of an asset.
    pub struct Money {
        /// How much.
        pub amount: Amount,
        /// Of what.
        pub asset: Asset,
    }
}

event_data! {
    /// One posting on one asset of a wallet.
    pub struct WalletEntry {
        /// The posting's own id.
        pub transaction_id: String,
        /// Whose wallet.
        pub user_id: String,
        /// What the posting is for: `debit_bet_stake`, `credit_deposit` …
        pub transaction_type: String,
        /// The asset.
        pub coin_type: Asset,
        /// How much.
        pub amount: Amount,
        /// Available before.
        pub balance_before: Amount,
        /// Available after.
        pub balance_after: Amount,
        /// What it belongs to.
        pub related_entity: EntityRef,
        /// What the entity says of itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub metadata: Option<BTreeMap<String, String>>,
    }
}

/// One asset was debited.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct WalletDebited(pub WalletEntry);

/// One asset was credited.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct WalletCredited(pub WalletEntry);

event_data! {
    /// How much of one asset.
    pub struct CoinAmount {
        /// The asset.
        pub coin_type: Asset,
        /// How much.
        pub amount: Amount,
    }
}

event_data! {
    /// An order's debit begins; its postings are in the same transaction.
    pub struct WalletDebitStarted {
        /// Whose wallet.
        pub user_id: String,
        /// What the debit is for.
        pub transaction_type: String,
        /// How much in all.
        pub total_amount: Amount,
        /// How much of each asset.
        pub breakdown: Vec<CoinAmount>,
        /// The order.
        pub related_order_id: String,
    }
}

event_data! {
    /// Why an order's money came back.
    pub enum RefundReason {
        /// The order failed after the debit.
        OrderFailed,
    }
}

event_data! {
    /// An order failed after the debit: everything it took was given back.
    pub struct WalletRefunded {
        /// Whose wallet.
        pub user_id: String,
        /// Why.
        pub refund_reason: RefundReason,
        /// The order.
        pub original_order_id: String,
        /// The postings that took.
        pub original_transaction_ids: Vec<String>,
        /// The postings that gave back.
        pub refund_transaction_ids: Vec<String>,
        /// How much of each asset.
        pub refund_breakdown: Vec<CoinAmount>,
        /// How much in all.
        pub total_refunded: Amount,
    }
}

event_data! {
    /// A debit was refused.
    pub struct WalletDebitFailed {
        /// Whose wallet.
        pub user_id: String,
        /// What the debit was for.
        pub transaction_type: String,
        /// How much was asked for.
        pub amount_required: Amount,
        /// How much was available.
        pub amount_available: Amount,
        /// A stable code, `WALLET_INSUFFICIENT_BALANCE` …
        pub failure_reason: String,
        /// The order, for an order's debit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub related_order_id: Option<String>,
        /// What the debit was for, other than an order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub related_entity: Option<EntityRef>,
    }
}

event_data! {
    /// Money moved between two wallets.
    pub struct WalletTransferred {
        /// The transfer.
        pub transfer_id: String,
        /// Who paid.
        pub from_user_id: String,
        /// Who was paid.
        pub to_user_id: String,
        /// The asset.
        pub asset: Asset,
        /// How much.
        pub amount: Amount,
        /// What the payer says to the payee, sealed with the payee's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub note: Option<Sealed>,
    }
}

event_data! {
    /// What a limit bounds.
    #[derive(PartialOrd, Ord)]
    pub enum LimitKind {
        /// Money put in.
        Deposit,
        /// Money staked.
        Stake,
        /// Money staked less money won.
        Loss,
    }
}

event_data! {
    /// The calendar window of a limit.
    #[derive(PartialOrd, Ord)]
    pub enum LimitPeriod {
        /// From midnight.
        Day,
        /// From Monday.
        Week,
        /// From the first of the month.
        Month,
    }
}

event_data! {
    /// A responsible-gaming limit stopped a command.
    pub struct WalletLimitReached {
        /// Whose wallet.
        pub user_id: String,
        /// What the limit bounds.
        pub kind: LimitKind,
        /// Its window.
        pub period: LimitPeriod,
        /// The asset.
        pub asset: Asset,
        /// The limit.
        pub limit: Amount,
        /// What was used of it before.
        pub used: Amount,
        /// What the command would have added.
        pub attempted: Amount,
    }
}
