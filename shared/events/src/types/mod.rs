//! Data of the event types, a file per topic.

mod betting;
mod clan;
mod credit;
mod gig;
mod marketing;
mod membership;
mod merchant;
mod notification;
mod order;
mod payment;
mod user;
mod wallet;

pub use betting::{
    BetCancelled, BetPlaced, BetResult, BetSettled, BetType, CancelReason, PlacedSelection, StakeLot, StakeRefund,
};
pub use clan::{ClanCreated, ClanMemberJoined, ClanMemberLeft, ClanViewed};
pub use credit::{
    BoostExpired, BoostGiven, ClanBoost, ClanContribution, CreditEarned, CreditEventType, CreditPaymentMethod,
    CreditPurchase, CreditReason, CreditSpent, GigBoost, GigPayment, ProfileBoost, TargetType,
};
pub use gig::{GigCompleted, GigCreated, GigViewed};
pub use marketing::{
    BonusAwarded, BonusKind, LoyaltyPointsUpdated, LoyaltyReason, ReferralCompleted, SpinChancesAwarded,
};
pub use membership::{
    CancellationReason, ChargeFailure, ChargePurpose, CustomerCreated, CustomerDeleted, CustomerRegistered,
    DeletionReason, PaymentProcessed, SubscriptionCancelled, SubscriptionChargeFailed, SubscriptionChargeStarted,
    SubscriptionCreated, SubscriptionPlanChanged, SubscriptionRenewed,
};
pub use merchant::{BizoneOrderCreated, MerchantStanding};
pub use notification::{Channel, EmailSent, NotificationFailed, PushNotificationSent, SmsSent};
pub use order::{
    ExternalReferences, OrderCampaign, OrderConfirmationSent, OrderCreated, OrderDelivery, OrderFailed,
    OrderFailureReason, OrderFailureStage, OrderInitiated, OrderItem, OrderPaid, OrderPayment, OrderPricing,
    OrderStanding, OrderValidationCompleted, OrderValidationStarted, OrderValidations, PaymentMethod, PaymentPart,
    PaymentStanding, SealedAddress,
};
pub use payment::{DepositFailed, DepositFailure, DepositInitiated, DepositSuccess};
pub use user::{
    DeactivationReason, KycStatus, ProfileViewed, UserDeactivated, UserErased, UserLogin, UserProfileUpdated,
    UserRegistered,
};
pub use wallet::{
    CoinAmount, LimitKind, LimitPeriod, Money, RefundReason, WalletCredited, WalletDebitFailed, WalletDebitStarted,
    WalletDebited, WalletEntry, WalletLimitReached, WalletRefunded, WalletTransferred,
};

/// Derives what every data type has.
macro_rules! event_data {
    ($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* }) => {
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        $(#[$meta])*
        pub struct $name { $($body)* }
    };
    ($(#[$meta:meta])* pub enum $name:ident { $($body:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($body)* }
    };
}
pub(crate) use event_data;
