//! The table of event types: topic, owner, version, retention of copies.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where an event is published; the EventBridge `source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Accounts of people.
    User,
    /// Bets.
    Betting,
    /// Money from and to the outside.
    Payment,
    /// Balances.
    Wallet,
    /// Bonuses, campaigns, loyalty, referrals.
    Marketing,
    /// Delivery of messages to people.
    Notification,
    /// Orders.
    Order,
    /// What merchants say.
    Merchant,
    /// Members.
    Customer,
    /// What members subscribe to.
    Subscription,
    /// Credits and what they boost.
    Credit,
    /// Work that people offer each other.
    Gig,
    /// Clans and their members.
    Clan,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 13] = [
        Self::User,
        Self::Betting,
        Self::Payment,
        Self::Wallet,
        Self::Marketing,
        Self::Notification,
        Self::Order,
        Self::Merchant,
        Self::Customer,
        Self::Subscription,
        Self::Credit,
        Self::Gig,
        Self::Clan,
    ];

    /// The name on the bus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user.events",
            Self::Betting => "betting.events",
            Self::Payment => "payment.events",
            Self::Wallet => "wallet.events",
            Self::Marketing => "marketing.events",
            Self::Notification => "notification.events",
            Self::Order => "order.events",
            Self::Merchant => "merchant.events",
            Self::Customer => "customer.events",
            Self::Subscription => "subscription.events",
            Self::Credit => "credit.events",
            Self::Gig => "gig.events",
            Self::Clan => "clan.events",
        }
    }
}

/// Data of one event type.
pub trait EventData: Serialize + DeserializeOwned {
    /// Name of the event.
    const NAME: &'static str;
}

/// What holds for every event of a type.
#[derive(Debug, Clone, Copy)]
pub struct EventType {
    /// Name of the event.
    pub name: &'static str,
    /// Where it is published.
    pub topic: Topic,
    /// The service that owns it.
    pub source: &'static str,
    /// Version of its data.
    pub version: &'static str,
    /// Days for which copies (audit payloads, timelines, exports) are kept; the journal keeps everything.
    pub retention_days: u16,
    /// When it happens, in a line.
    pub when: &'static str,
    /// What it is routed by, for the events whose source has it: `metadata.routing_key`.
    pub routing_key: Option<&'static str>,
    /// JSON Schema of its data.
    #[cfg(feature = "schema")]
    pub schema: fn() -> schemars::Schema,
    /// Reads data and writes it back, for checking samples.
    #[cfg(feature = "schema")]
    pub round_trip: fn(&str) -> Result<String, serde_json::Error>,
}

/// The type of the event called `name`.
#[must_use]
pub fn event_type(name: &str) -> Option<&'static EventType> {
    CATALOGUE.iter().find(|known| known.name == name)
}

/// The schema of what a writer of `T` writes; readers take more than that.
#[cfg(feature = "schema")]
fn written<T: schemars::JsonSchema>() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

macro_rules! catalogue {
    ($( $topic:ident, $source:literal, $days:literal: $name:literal = $type:ident, $when:literal $(by $key:literal)?; )*) => {
        $(impl EventData for crate::types::$type { const NAME: &'static str = $name; })*

        /// Every event type of the platform.
        pub const CATALOGUE: &[EventType] = &[$(EventType {
            name: $name,
            topic: Topic::$topic,
            source: $source,
            version: "1.0",
            retention_days: $days,
            when: $when,
            routing_key: { let keys: &[&'static str] = &[$($key)?]; keys.first().copied() },
            #[cfg(feature = "schema")]
            schema: written::<crate::types::$type>,
            #[cfg(feature = "schema")]
            round_trip: |text| serde_json::to_string(&serde_json::from_str::<crate::types::$type>(text)?),
        }),*];
    };
}

catalogue! {
    User, "identity-service", 365: "UserRegistered" = UserRegistered, "an account is created";
    User, "identity-service", 90: "UserLogin" = UserLogin, "a person is authenticated";
    User, "identity-service", 365: "UserProfileUpdated" = UserProfileUpdated, "a profile is changed";
    User, "identity-service", 365: "UserDeactivated" = UserDeactivated, "an account is closed or self-excluded; the wallet is frozen for play in the same transaction";
    User, "user-service", 90: "profile.viewed" = ProfileViewed, "somebody looks at another's profile, for the first time that day";
    User, "membership-service", 365: "UserErased" = UserErased, "a person is forgotten; the data key is destroyed in the same transaction";
    Betting, "sportsbook-service", 365: "BetPlaced" = BetPlaced, "a bet and its debit are committed in one transaction";
    Betting, "sportsbook-service", 365: "BetSettled" = BetSettled, "a bet's result is known or corrected";
    Betting, "sportsbook-service", 365: "BetCancelled" = BetCancelled, "a bet is cancelled; the exact refund is in the same transaction";
    Payment, "payment-service", 365: "DepositInitiated" = DepositInitiated, "a deposit is accepted and the provider called";
    Payment, "payment-service", 365: "DepositSuccess" = DepositSuccess, "the provider confirms a deposit";
    Payment, "payment-service", 365: "DepositFailed" = DepositFailed, "the provider refuses a deposit, or it expires";
    Wallet, "wallet-service", 7: "wallet.debit_started" = WalletDebitStarted, "an order's debit begins; its postings are in the same transaction";
    Wallet, "wallet-service", 90: "wallet.debited" = WalletDebited, "an asset of a wallet is debited";
    Wallet, "wallet-service", 90: "wallet.credited" = WalletCredited, "an asset of a wallet is credited";
    Wallet, "wallet-service", 90: "wallet.debit_failed" = WalletDebitFailed, "a debit is refused";
    Wallet, "wallet-service", 90: "wallet.refunded" = WalletRefunded, "an order failed after the debit; what it took is given back in the same transaction";
    Wallet, "wallet-service", 90: "wallet.transferred" = WalletTransferred, "money moves between two wallets";
    Wallet, "wallet-service", 90: "wallet.limit_reached" = WalletLimitReached, "a responsible-gaming limit stops a command";
    Marketing, "marketing-service", 365: "BonusAwarded" = BonusAwarded, "a bonus is granted";
    Marketing, "marketing-service", 90: "LoyaltyPointsUpdated" = LoyaltyPointsUpdated, "loyalty points are given or taken back";
    Marketing, "marketing-service", 365: "ReferralCompleted" = ReferralCompleted, "a referred person deposits for the first time";
    Marketing, "marketing-service", 90: "SpinChancesAwarded" = SpinChancesAwarded, "chances to spin the wheel are granted";
    Notification, "notification-service", 90: "SMSSent" = SmsSent, "the SMS provider accepts a message";
    Notification, "notification-service", 90: "EmailSent" = EmailSent, "the e-mail provider accepts a message";
    Notification, "notification-service", 90: "PushNotificationSent" = PushNotificationSent, "the push provider accepts a message";
    Notification, "notification-service", 90: "NotificationFailed" = NotificationFailed, "a message cannot be delivered";
    Order, "order-service", 7: "order.validation_started" = OrderValidationStarted, "an order is asked for; nothing has changed yet";
    Order, "rules-service", 7: "order.validation_completed" = OrderValidationCompleted, "all rules were asked";
    Order, "order-service", 30: "order.initiated" = OrderInitiated, "an order is written down; its debit is in the same transaction";
    Order, "order-service", 90: "order.paid" = OrderPaid, "the wallet is debited for an order";
    Order, "order-service", 365: "order.created" = OrderCreated, "the merchant has a paid order; it is final";
    Order, "notification-service", 90: "order.confirmation_sent" = OrderConfirmationSent, "providers accepted the confirmation of an order";
    Order, "order-service", 90: "order.failed" = OrderFailed, "an order comes to nothing; what it took is given back in the same transaction";
    Merchant, "bizone-integration", 90: "bizone.order_created" = BizoneOrderCreated, "the merchant confirms an order over its interface";
    Payment, "payment-service", 365: "payment.processed" = PaymentProcessed, "a subscription's payment is settled";
    Customer, "customer-service", 365: "customer.created" = CustomerCreated, "a registration begins; nothing is paid yet";
    Customer, "registration-service", 365: "customer.registered" = CustomerRegistered, "a registration is complete; the payment and the subscription are in the same transaction";
    Customer, "customer-service", 365: "customer.deleted" = CustomerDeleted, "a registration came to nothing, or a person is forgotten; the key is destroyed";
    Subscription, "subscription-service", 365: "subscription.created" = SubscriptionCreated, "a subscription begins, its first period paid";
    Subscription, "subscription-service", 365: "subscription.charge_started" = SubscriptionChargeStarted, "a payment is about to be asked for";
    Subscription, "subscription-service", 365: "subscription.charge_failed" = SubscriptionChargeFailed, "a payment came to nothing";
    Subscription, "subscription-service", 365: "subscription.renewed" = SubscriptionRenewed, "another period is paid for";
    Subscription, "subscription-service", 365: "subscription.plan_changed" = SubscriptionPlanChanged, "another plan begins; what was left of the old one is taken off its price";
    Subscription, "subscription-service", 365: "subscription.cancelled" = SubscriptionCancelled, "a subscription is not renewed any more";
    Credit, "credit-service", 90: "profile_boost" = ProfileBoost, "a person's profile is boosted; the spend is in the same transaction" by "boost.event";
    Credit, "credit-service", 90: "gig_boost" = GigBoost, "a gig is boosted; the spend is in the same transaction" by "boost.event";
    Credit, "credit-service", 90: "clan_boost" = ClanBoost, "a clan is boosted; the spend is in the same transaction" by "boost.event";
    Credit, "credit-service", 90: "boost_expired" = BoostExpired, "a boost is over and counts no more" by "boost.event";
    Credit, "credit-service", 365: "credit_purchase" = CreditPurchase, "credits are bought" by "credit.event";
    Credit, "credit-service", 365: "credit_spent" = CreditSpent, "credits are spent on somebody or something" by "credit.event";
    Credit, "credit-service", 365: "credit_earned" = CreditEarned, "credits are earned; whoever pays them spends them in the same transaction" by "credit.event";
    Credit, "credit-service", 365: "gig_payment" = GigPayment, "a completed gig is paid" by "credit.event";
    Credit, "credit-service", 365: "clan_contribution" = ClanContribution, "a member gives credits to their clan" by "credit.event";
    Gig, "gig-service", 90: "gig.created" = GigCreated, "work is offered";
    Gig, "gig-service", 90: "gig.completed" = GigCompleted, "somebody did the work; its owner is to pay them";
    Gig, "gig-service", 90: "gig.viewed" = GigViewed, "somebody looks at a gig that is not theirs, for the first time that day";
    Clan, "clan-service", 90: "clan.created" = ClanCreated, "a clan is founded";
    Clan, "clan-service", 90: "clan.member_joined" = ClanMemberJoined, "somebody joins a clan";
    Clan, "clan-service", 90: "clan.member_left" = ClanMemberLeft, "somebody leaves a clan; with its last member it is closed";
    Clan, "clan-service", 90: "clan.viewed" = ClanViewed, "somebody looks at a clan that they do not belong to, for the first time that day";
}
