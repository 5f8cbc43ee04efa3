//! `credit.events`; their fields are in camel case, as their first readers have them.

use quoin_money::Amount;

use super::event_data;
use crate::Timestamp;

event_data! {
    /// What the event says that it is, in its own data: its name.
    pub enum CreditEventType {
        /// A person's profile was boosted.
        ProfileBoost,
        /// A gig was boosted.
        GigBoost,
        /// A clan was boosted.
        ClanBoost,
        /// A boost is over.
        BoostExpired,
        /// Credits were bought.
        CreditPurchase,
        /// Credits were spent.
        CreditSpent,
        /// Credits were earned.
        CreditEarned,
        /// A gig was paid.
        GigPayment,
        /// A member gave to a clan.
        ClanContribution,
    }
}

event_data! {
    /// What credits are spent on.
    #[derive(PartialOrd, Ord)]
    pub enum TargetType {
        /// A person, whose profile is seen more.
        User,
        /// A gig.
        Gig,
        /// A clan.
        Clan,
    }
}

impl TargetType {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Gig => "gig",
            Self::Clan => "clan",
        }
    }
}

event_data! {
    /// What credits moved for.
    pub enum CreditReason {
        /// A boost.
        Boost,
        /// A gig was done.
        GigPayment,
        /// A clan was given to.
        ClanContribution,
    }
}

event_data! {
    /// How credits are paid for.
    #[derive(PartialOrd, Ord)]
    pub enum CreditPaymentMethod {
        /// With the cash of the same wallet.
        Wallet,
    }
}

event_data! {
    /// A boost, as its booster gave it.
    #[serde(rename_all = "camelCase")]
    pub struct BoostGiven {
        /// Which of the three.
        #[serde(rename = "type")]
        pub kind: CreditEventType,
        /// Who boosts.
        pub user_id: String,
        /// Whom or what.
        pub target_id: String,
        /// Credits.
        pub amount: Amount,
        /// Hours.
        pub duration: u32,
        /// The boost.
        pub event_id: String,
        /// From when on.
        pub timestamp: Timestamp,
        /// Until when.
        pub expires_at: Timestamp,
    }
}

/// A person's profile was boosted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ProfileBoost(pub BoostGiven);

/// A gig was boosted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct GigBoost(pub BoostGiven);

/// A clan was boosted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ClanBoost(pub BoostGiven);

event_data! {
    /// A boost is over and counts no more.
    #[serde(rename_all = "camelCase")]
    pub struct BoostExpired {
        /// `boost_expired`.
        #[serde(rename = "type")]
        pub kind: CreditEventType,
        /// Who boosted.
        pub user_id: String,
        /// What was boosted: a person, a gig, a clan.
        pub target_type: TargetType,
        /// Which one.
        pub target_id: String,
        /// Credits.
        pub amount: Amount,
        /// Hours.
        pub duration: u32,
        /// The boost.
        pub event_id: String,
        /// When it was ended.
        pub timestamp: Timestamp,
        /// Until when it ran.
        pub expires_at: Timestamp,
    }
}

event_data! {
    /// Credits were bought.
    #[serde(rename_all = "camelCase")]
    pub struct CreditPurchase {
        /// `credit_purchase`.
        #[serde(rename = "type")]
        pub kind: CreditEventType,
        /// Who bought.
        pub user_id: String,
        /// Credits.
        pub amount: Amount,
        /// What they cost, in cash.
        pub price: Amount,
        /// How they were paid for.
        pub payment_method: CreditPaymentMethod,
        /// The purchase.
        pub event_id: String,
        /// When.
        pub timestamp: Timestamp,
    }
}

event_data! {
    /// Credits were spent.
    #[serde(rename_all = "camelCase")]
    pub struct CreditSpent {
        /// `credit_spent`.
        #[serde(rename = "type")]
        pub kind: CreditEventType,
        /// Who spent.
        pub user_id: String,
        /// Credits.
        pub amount: Amount,
        /// What for.
        pub reason: CreditReason,
        /// On what: a person, a gig, a clan.
        pub target_type: TargetType,
        /// Which one.
        pub target_id: String,
        /// What the credits were spent by: the boost, the payment, the contribution.
        pub event_id: String,
        /// When.
        pub timestamp: Timestamp,
    }
}

event_data! {
    /// Credits were earned.
    #[serde(rename_all = "camelCase")]
    pub struct CreditEarned {
        /// `credit_earned`.
        #[serde(rename = "type")]
        pub kind: CreditEventType,
        /// Who earned.
        pub user_id: String,
        /// Credits.
        pub amount: Amount,
        /// What for.
        pub reason: CreditReason,
        /// By what: a gig.
        pub target_type: TargetType,
        /// Which one.
        pub target_id: String,
        /// Who paid.
        pub from_user_id: String,
        /// What the credits were earned by: the payment.
        pub event_id: String,
        /// When.
        pub timestamp: Timestamp,
    }
}

event_data! {
    /// Somebody was paid for a gig that they completed.
    #[serde(rename_all = "camelCase")]
    pub struct GigPayment {
        /// `gig_payment`.
        #[serde(rename = "type")]
        pub kind: CreditEventType,
        /// Who paid: the gig's owner.
        pub user_id: String,
        /// The gig.
        pub target_id: String,
        /// Who was paid.
        pub to_user_id: String,
        /// Credits.
        pub amount: Amount,
        /// The payment.
        pub event_id: String,
        /// When.
        pub timestamp: Timestamp,
    }
}

event_data! {
    /// A member gave to their clan.
    #[serde(rename_all = "camelCase")]
    pub struct ClanContribution {
        /// `clan_contribution`.
        #[serde(rename = "type")]
        pub kind: CreditEventType,
        /// Who gave.
        pub user_id: String,
        /// The clan.
        pub target_id: String,
        /// Credits.
        pub amount: Amount,
        /// The contribution.
        pub event_id: String,
        /// When.
        pub timestamp: Timestamp,
    }
}
