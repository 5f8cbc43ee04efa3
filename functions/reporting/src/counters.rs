//! What is counted a day, and under which attribute names the counters stand.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use quoin_events::types::OrderFailureReason;
use quoin_money::{Amount, Asset, Delta, MoneyError};
use rust_decimal::Decimal;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};

/// Declares an enum of counters with their names.
macro_rules! named {
    ($(#[$meta:meta])* $enum:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub(crate) enum $enum { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $enum {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($enum).into()
            }

            // One list, so that a map of these has exactly these members.
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($name,)*] })
            }
        }

        impl $enum {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

named! {
    /// How often something happened.
    Count {
        /// Accounts made.
        Registrations = "registrations",
        /// Sessions begun.
        Logins = "logins",
        /// Bets accepted.
        BetsPlaced = "bets_placed",
        /// Bets settled for the first time.
        BetsSettled = "bets_settled",
        /// Settlements corrected.
        SettlementsCorrected = "settlements_corrected",
        /// Bets cancelled.
        BetsCancelled = "bets_cancelled",
        /// Deposits asked for.
        DepositsInitiated = "deposits_initiated",
        /// Deposits confirmed.
        DepositsSucceeded = "deposits_succeeded",
        /// Deposits that came to nothing.
        DepositsFailed = "deposits_failed",
        /// Bonuses granted.
        BonusesAwarded = "bonuses_awarded",
        /// Referrals rewarded.
        ReferralsCompleted = "referrals_completed",
        /// Messages that a provider accepted.
        NotificationsSent = "notifications_sent",
        /// Messages that could not be delivered.
        NotificationsFailed = "notifications_failed",
        /// Orders asked for: their validation started.
        OrdersStarted = "orders_started",
        /// Orders that all rules were asked about.
        OrdersValidated = "orders_validated",
        /// Orders that every rule let pass.
        OrdersAllowed = "orders_allowed",
        /// Orders written down.
        OrdersInitiated = "orders_initiated",
        /// Orders whose money was taken.
        OrdersPaid = "orders_paid",
        /// Orders that the merchant confirmed.
        OrdersConfirmed = "orders_confirmed",
        /// Orders that are final.
        OrdersCreated = "orders_created",
        /// Orders whose confirmation was sent to the customer.
        OrdersNotified = "orders_notified",
        /// Orders that came to nothing.
        OrdersFailed = "orders_failed",
    }
}

named! {
    /// How much of an asset moved.
    Sum {
        /// Staked on accepted bets.
        Stakes = "stakes",
        /// Stakes of cancelled bets, paid back.
        Refunds = "refunds",
        /// Paid by settlements, less what corrections took back.
        Payouts = "payouts",
        /// Asked to be deposited.
        DepositsInitiated = "deposits_initiated",
        /// Deposited.
        DepositsSucceeded = "deposits_succeeded",
        /// Not deposited in the end.
        DepositsFailed = "deposits_failed",
        /// Given as bonuses.
        Bonuses = "bonuses",
        /// Given for referrals.
        ReferralRewards = "referral_rewards",
        /// Taken for orders.
        OrderPayments = "order_payments",
        /// Given back for orders that failed after that.
        OrderRefunds = "order_refunds",
    }
}

named! {
    /// What adds up over orders, whatever they are paid with: amounts in the stage's currency, and time.
    Total {
        /// Prices times quantities of initiated orders.
        OrderValue = "order_value",
        /// What campaigns took off them.
        OrderDiscount = "order_discount",
        /// What was to be paid for them.
        OrderAmount = "order_final_amount",
        /// Milliseconds that validations took.
        ValidationTime = "validation_ms",
    }
}

named! {
    /// A rule that every order is asked about.
    Rule {
        /// The cart is worth enough.
        MinOrderValue = "min_order_value",
        /// The merchant delivers there.
        DeliveryZone = "delivery_zone",
        /// The campaign holds for the order.
        CampaignEligible = "campaign_eligible",
        /// The person is known well enough.
        UserKyc = "user_kyc",
        /// The merchant takes orders.
        MerchantActive = "merchant_active",
    }
}

/// One counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counter {
    /// How often.
    Count(Count),
    /// How much of an asset.
    Sum(Sum, Asset),
    /// How much of what has no asset.
    Total(Total),
    /// How many orders a rule refused.
    Refused(Rule),
    /// How many orders failed for a reason.
    Failed(OrderFailureReason),
}

/// In front of a rule's name.
const REFUSED: &str = "orders_refused";
/// In front of a failure's reason.
const FAILED: &str = "orders_failed";

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => f.write_str(count.as_str()),
            Self::Sum(sum, asset) => write!(f, "{}.{asset}", sum.as_str()),
            Self::Total(total) => f.write_str(total.as_str()),
            Self::Refused(rule) => write!(f, "{REFUSED}.{}", rule.as_str()),
            Self::Failed(reason) => write!(f, "{FAILED}.{}", reason.as_str()),
        }
    }
}

impl FromStr for Counter {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name.split_once('.') {
            None => {
                let count = Count::ALL.iter().find(|count| count.as_str() == name).map(|count| Self::Count(*count));
                count
                    .or_else(|| Total::ALL.iter().find(|total| total.as_str() == name).map(|total| Self::Total(*total)))
            }
            Some((REFUSED, rule)) => {
                Rule::ALL.iter().find(|known| known.as_str() == rule).map(|known| Self::Refused(*known))
            }
            Some((FAILED, reason)) => failure_reason(reason).map(Self::Failed),
            Some((sum, asset)) => Sum::ALL
                .iter()
                .find(|known| known.as_str() == sum)
                .and_then(|known| Some(Self::Sum(*known, asset.parse().ok()?))),
        }
        .ok_or(())
    }
}

fn failure_reason(name: &str) -> Option<OrderFailureReason> {
    let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
    OrderFailureReason::deserialize(name).ok()
}

/// Counters and by how much each of them moves; adding them up is commutative.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counters(BTreeMap<Counter, Delta>);

impl Counters {
    /// With one more of `count`.
    pub(crate) fn once(mut self, count: Count) -> Self {
        self.0.insert(Counter::Count(count), Delta::plus(Amount::whole(1)));
        self
    }

    /// With one more order that `rule` refused.
    pub(crate) fn refused(mut self, rule: Rule) -> Self {
        self.0.insert(Counter::Refused(rule), Delta::plus(Amount::whole(1)));
        self
    }

    /// With one more order that failed for `reason`.
    pub(crate) fn failed(mut self, reason: OrderFailureReason) -> Self {
        self.0.insert(Counter::Failed(reason), Delta::plus(Amount::whole(1)));
        self.once(Count::OrdersFailed)
    }

    /// With `more` of a total.
    pub(crate) fn total(mut self, total: Total, more: Delta) -> Self {
        if !more.is_zero() {
            self.0.insert(Counter::Total(total), more);
        }
        self
    }

    /// With `delta` of `asset` more.
    pub(crate) fn moved(mut self, sum: Sum, asset: Asset, delta: Delta) -> Self {
        if !delta.is_zero() {
            // Amounts of one event are too short for their sum to run out of digits.
            let all = self.0.entry(Counter::Sum(sum, asset)).or_default();
            *all = all.and(delta).unwrap_or(*all);
        }
        self
    }

    /// With `amount` of `asset` more.
    pub(crate) fn plus(self, sum: Sum, asset: Asset, amount: Amount) -> Self {
        self.moved(sum, asset, Delta::plus(amount))
    }

    /// Adds `other`.
    ///
    /// # Errors
    /// If a sum has too many digits.
    pub(crate) fn add(&mut self, other: &Self) -> Result<(), MoneyError> {
        for (counter, delta) in &other.0 {
            let sum = self.0.entry(*counter).or_default();
            *sum = sum.and(*delta)?;
        }
        Ok(())
    }

    /// Adds the counter that stands under `name` as `digits`; what is no counter of ours is passed over.
    ///
    /// # Errors
    /// If the digits are not an exact decimal.
    pub(crate) fn add_stored(&mut self, name: &str, digits: &str) -> Result<(), MoneyError> {
        let Ok(counter) = name.parse::<Counter>() else { return Ok(()) };
        let value = Decimal::from_str_exact(digits).map_err(|_| MoneyError::Overflow)?;
        self.add(&Self(BTreeMap::from([(counter, Delta::new(value))])))
    }

    /// How often.
    pub(crate) fn count(&self, count: Count) -> Delta {
        self.0.get(&Counter::Count(count)).copied().unwrap_or_default()
    }

    /// How much of `asset`; `None` if it never moved.
    pub(crate) fn sum(&self, sum: Sum, asset: Asset) -> Option<Delta> {
        self.0.get(&Counter::Sum(sum, asset)).copied()
    }

    /// How much of a total.
    pub(crate) fn of_total(&self, total: Total) -> Delta {
        self.0.get(&Counter::Total(total)).copied().unwrap_or_default()
    }

    /// How many orders `rule` refused.
    pub(crate) fn refused_by(&self, rule: Rule) -> Delta {
        self.0.get(&Counter::Refused(rule)).copied().unwrap_or_default()
    }

    /// Why orders failed, and how many for each reason.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (OrderFailureReason, Delta)> {
        self.0.iter().filter_map(|(counter, orders)| match counter {
            Counter::Failed(reason) => Some((*reason, *orders)),
            Counter::Count(_) | Counter::Sum(..) | Counter::Total(_) | Counter::Refused(_) => None,
        })
    }

    /// All that move.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Counter, Delta)> {
        self.0.iter().map(|(counter, delta)| (*counter, *delta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_counters() {
        let sums = Sum::ALL.iter().flat_map(|sum| Asset::ALL.map(|asset| Counter::Sum(*sum, asset)));
        let counts = Count::ALL.iter().map(|count| Counter::Count(*count));
        let totals = Total::ALL.iter().map(|total| Counter::Total(*total));
        let refused = Rule::ALL.iter().map(|rule| Counter::Refused(*rule));
        let failed = [OrderFailureReason::OutOfStock, OrderFailureReason::MerchantRejected].map(Counter::Failed);
        for counter in counts.chain(sums).chain(totals).chain(refused).chain(failed) {
            assert_eq!(counter.to_string().parse(), Ok(counter));
        }
        for name in ["pk", "sk", "expires", "stakes.gold", "stakes", "", "orders_failed.WEATHER", "orders_refused.mood"]
        {
            assert!(name.parse::<Counter>().is_err(), "{name}");
        }
    }

    #[test]
    fn stored_digits_are_exact_or_refused() {
        let mut counters = Counters::default();
        counters.add_stored("stakes.cash", "1234567890123456.7891").unwrap();
        counters.add_stored("stakes.cash", "0.0009").unwrap();
        counters.add_stored("a newer counter", "1").unwrap();
        assert_eq!(counters.sum(Sum::Stakes, Asset::Cash).unwrap().to_string(), "1234567890123456.79");
        assert!(counters.add_stored("stakes.cash", "NaN").is_err());
    }
}
