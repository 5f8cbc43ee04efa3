//! `payment.events`.

use quoin_money::{Amount, Asset};

use super::event_data;
use crate::Timestamp;

event_data! {
    /// A deposit was accepted; the provider is asked.
    pub struct DepositInitiated {
        /// The payment.
        pub payment_id: String,
        /// Who deposits.
        pub user_id: String,
        /// How much.
        pub amount: Amount,
        /// Into which asset.
        pub asset: Asset,
        /// The payment method the user chose.
        pub method: String,
    }
}

event_data! {
    /// The provider confirmed a deposit.
    pub struct DepositSuccess {
        /// The payment.
        pub payment_id: String,
        /// Who deposited.
        pub user_id: String,
        /// How much.
        pub amount: Amount,
        /// Into which asset.
        pub asset: Asset,
        /// The payment method.
        pub method: String,
        /// Who moved the money.
        pub provider: String,
        /// The provider's own id of the payment.
        pub provider_reference: String,
        /// When it was counted against the deposit limits; absent if it still has to be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit_counted_at: Option<Timestamp>,
    }
}

event_data! {
    /// Why a deposit failed.
    pub enum DepositFailure {
        /// The provider refused it.
        Declined,
        /// The provider never confirmed it.
        Expired,
    }
}

event_data! {
    /// A deposit came to nothing.
    pub struct DepositFailed {
        /// The payment.
        pub payment_id: String,
        /// Who wanted to deposit.
        pub user_id: String,
        /// How much.
        pub amount: Amount,
        /// Into which asset.
        pub asset: Asset,
        /// Why.
        pub failure_reason: DepositFailure,
        /// When it was counted against the deposit limits, which get it back; absent if it was not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub limit_counted_at: Option<Timestamp>,
    }
}
