//! `betting.events`.

use quoin_money::{Amount, Asset, Delta, Odds};

use super::event_data;
use super::wallet::Money;
use crate::Timestamp;

event_data! {
    /// How the selections of a bet depend on each other.
    pub enum BetType {
        /// One selection.
        Single,
        /// All selections must win.
        Accumulator,
    }
}

event_data! {
    /// A selection as it was accepted.
    pub struct PlacedSelection {
        /// URN of the sport event, `sr:match:1234`.
        pub event_id: String,
        /// Id of the market.
        pub market_id: String,
        /// The market's specifiers, sorted, `name=value` joined by `|`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub specifiers: Option<String>,
        /// Id of the outcome.
        pub outcome_id: String,
        /// The odds at which it was accepted.
        pub odds: Odds,
        /// Feed time, in milliseconds, of the odds at which it was accepted.
        pub market_version: i64,
    }
}

event_data! {
    /// A bet was accepted and paid.
    pub struct BetPlaced {
        /// The bet.
        pub bet_id: String,
        /// Whose bet.
        pub user_id: String,
        /// How the selections depend on each other.
        #[serde(rename = "type")]
        pub kind: BetType,
        /// What was staked.
        pub stake: Money,
        /// The product of the odds.
        pub total_odds: Odds,
        /// Stake times odds, at the asset's scale.
        pub potential_payout: Amount,
        /// What was bet on.
        pub selections: Vec<PlacedSelection>,
    }
}

event_data! {
    /// The result of a bet as a whole.
    pub enum BetResult {
        /// Paid in full.
        Won,
        /// Nothing is paid.
        Lost,
        /// The stake is paid back.
        Void,
        /// Half the stake won, half was void.
        HalfWon,
        /// Half the stake lost, half was void.
        HalfLost,
        /// Paid in part because outcomes shared the win.
        DeadHeat,
    }
}

event_data! {
    /// A bet's result became known, or was corrected.
    pub struct BetSettled {
        /// The bet.
        pub bet_id: String,
        /// Whose bet.
        pub user_id: String,
        /// 1 for the first settlement, one more for each correction.
        pub settlement_no: u32,
        /// The result.
        pub result: BetResult,
        /// What was staked.
        pub stake: Money,
        /// What the bet pays in all.
        pub payout_total: Amount,
        /// What this settlement adds to (or takes from) what was paid before; deltas commute.
        pub payout_delta: Delta,
        /// When the payout expires, as the bonus money that was staked did; absent if it does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub payout_expires_at: Option<Timestamp>,
        /// With the first settlement of a void bet: the stake comes back as it was taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub refund: Option<StakeRefund>,
    }
}

event_data! {
    /// What has to be known of a stake to give it back as if it had never been taken.
    pub struct StakeRefund {
        /// When it was taken: limits counted it then.
        pub placed_at: Timestamp,
        /// The parts of it that expire or that one merchant alone accepts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub lots: Vec<StakeLot>,
    }
}

event_data! {
    /// Part of a stake that expires or that one merchant alone accepts.
    pub struct StakeLot {
        /// How much.
        pub amount: Amount,
        /// When it expires.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expires_at: Option<Timestamp>,
        /// The only merchant that accepts it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub merchant_id: Option<String>,
    }
}

event_data! {
    /// Who cancelled a bet.
    pub enum CancelReason {
        /// The customer, inside the window.
        Customer,
        /// The odds feed.
        Feed,
    }
}

event_data! {
    /// A bet was cancelled and its stake paid back.
    pub struct BetCancelled {
        /// The bet.
        pub bet_id: String,
        /// Whose bet.
        pub user_id: String,
        /// Who cancelled it.
        pub reason: CancelReason,
        /// The asset paid back.
        pub asset: Asset,
        /// The amount paid back: exactly the stake.
        pub refund: Amount,
    }
}
