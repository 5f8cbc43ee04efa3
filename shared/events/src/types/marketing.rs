//! `marketing.events`.

use quoin_money::{Amount, Asset, Delta};

use super::event_data;
use super::wallet::Money;
use crate::{EntityRef, Timestamp};

event_data! {
    /// Why a bonus was granted.
    pub enum BonusKind {
        /// For registering.
        Welcome,
        /// For a deposit.
        Deposit,
        /// By an operator.
        Manual,
        /// A part of what an order cost.
        Cashback,
    }
}

event_data! {
    /// A bonus was granted; the wallet credits it.
    pub struct BonusAwarded {
        /// The bonus.
        pub bonus_id: String,
        /// To whom.
        pub user_id: String,
        /// Why.
        pub kind: BonusKind,
        /// The asset credited.
        pub asset: Asset,
        /// How much.
        pub amount: Amount,
        /// When what is left of it expires.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expires_at: Option<Timestamp>,
        /// What it was granted for.
        pub related_entity: EntityRef,
    }
}

event_data! {
    /// Why loyalty points changed.
    pub enum LoyaltyReason {
        /// A bet was placed.
        BetPlaced,
        /// A bet was cancelled: its points are taken back.
        BetCancelled,
        /// An order became final.
        OrderCreated,
    }
}

event_data! {
    /// Loyalty points were given or taken back.
    pub struct LoyaltyPointsUpdated {
        /// Whose points.
        pub user_id: String,
        /// Points given (or, negative, taken back).
        pub points: Delta,
        /// Why.
        pub reason: LoyaltyReason,
        /// What for.
        pub related_entity: EntityRef,
    }
}

event_data! {
    /// A referred person deposited for the first time; the wallet credits the reward.
    pub struct ReferralCompleted {
        /// The referral.
        pub referral_id: String,
        /// Who is rewarded.
        pub referrer_id: String,
        /// Who was referred.
        pub referee_id: String,
        /// The reward.
        pub reward: Money,
    }
}

event_data! {
    /// Chances to spin the wheel were granted.
    pub struct SpinChancesAwarded {
        /// To whom.
        pub user_id: String,
        /// How many.
        pub chances: u32,
        /// What for.
        pub reason: BonusKind,
    }
}
