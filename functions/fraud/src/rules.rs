//! The rules, as data: what is counted, over which window, above which limit, and how much that weighs.

use quoin_events::Timestamp;
use quoin_money::Amount;
use quoin_store::{Item, StoreError};
use serde::{Deserialize, Serialize};

use crate::signal::Kind;
use crate::table::Partition;

/// Names of the rules, as paths and answers have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FraudRuleName"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleName {
    /// Orders within the window.
    OrderVelocity,
    /// The largest order within the window.
    OrderAmount,
    /// The sum of orders within the window.
    SpendVelocity,
    /// Orders within the window that became final.
    CreatedOrders,
    /// Orders within the window that were refused.
    FailedOrders,
    /// Debits within the window that were refused.
    FailedDebits,
    /// Logins within the window.
    LoginVelocity,
    /// Logins within the window from devices that were not known.
    NewDevices,
    /// Bets within the window.
    BetVelocity,
}

/// What a rule makes of the events in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// How many there are.
    Count,
    /// How much they are together.
    Sum,
    /// How much the largest of them is.
    Largest,
}

impl RuleName {
    pub(crate) const ALL: [Self; 9] = [
        Self::OrderVelocity,
        Self::OrderAmount,
        Self::SpendVelocity,
        Self::CreatedOrders,
        Self::FailedOrders,
        Self::FailedDebits,
        Self::LoginVelocity,
        Self::NewDevices,
        Self::BetVelocity,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OrderVelocity => "order_velocity",
            Self::OrderAmount => "order_amount",
            Self::SpendVelocity => "spend_velocity",
            Self::CreatedOrders => "created_orders",
            Self::FailedOrders => "failed_orders",
            Self::FailedDebits => "failed_debits",
            Self::LoginVelocity => "login_velocity",
            Self::NewDevices => "new_devices",
            Self::BetVelocity => "bet_velocity",
        }
    }

    /// The kinds of events in its window that it looks at.
    pub(crate) const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::OrderVelocity | Self::OrderAmount | Self::SpendVelocity => &[Kind::Order],
            Self::CreatedOrders => &[Kind::CreatedOrder],
            Self::FailedOrders => &[Kind::FailedOrder],
            Self::FailedDebits => &[Kind::FailedDebit],
            Self::LoginVelocity => &[Kind::Login, Kind::NewDeviceLogin],
            Self::NewDevices => &[Kind::NewDeviceLogin],
            Self::BetVelocity => &[Kind::Bet],
        }
    }

    /// What it makes of them.
    pub(crate) const fn measure(self) -> Measure {
        match self {
            Self::OrderAmount => Measure::Largest,
            Self::SpendVelocity => Measure::Sum,
            Self::OrderVelocity
            | Self::CreatedOrders
            | Self::FailedOrders
            | Self::FailedDebits
            | Self::LoginVelocity
            | Self::NewDevices
            | Self::BetVelocity => Measure::Count,
        }
    }

    /// Until an operator says otherwise: window in seconds, limit, points.
    fn default_rule(self) -> Rule {
        let (window_seconds, limit, points) = match self {
            Self::OrderVelocity => (600, 20, 60),
            Self::OrderAmount => (86_400, 100_000, 60),
            Self::SpendVelocity => (3_600, 250_000, 60),
            Self::CreatedOrders => (86_400, 100, 40),
            Self::FailedOrders => (3_600, 20, 50),
            Self::FailedDebits => (600, 10, 50),
            Self::LoginVelocity => (600, 30, 30),
            Self::NewDevices => (86_400, 5, 60),
            Self::BetVelocity => (60, 120, 30),
        };
        Rule { enabled: true, window_seconds, limit: Amount::whole(limit), points }
    }
}

/// One rule: it fires when what it measures over the window is above the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) enabled: bool,
    /// Up to and with the moment that is looked at.
    pub(crate) window_seconds: u32,
    /// A count, or an amount in the operating currency.
    pub(crate) limit: Amount,
    /// What it adds to the score.
    pub(crate) points: u32,
}

/// A setting with whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Set<T> {
    pub(crate) value: T,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

/// Name of the setting above which a score marks its user.
pub(crate) const THRESHOLD: &str = "threshold";
/// The score above which a user is marked, until an operator says otherwise.
const DEFAULT_THRESHOLD: u32 = 100;

/// All rules as they are now.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    all: Vec<(RuleName, Rule)>,
    /// A score above this marks its user.
    pub(crate) threshold: u32,
}

impl Rules {
    /// The rules with what operators set, of which `item` is the row.
    ///
    /// # Errors
    /// If the row is not readable.
    pub(crate) fn read(item: Option<&Item>) -> Result<Self, StoreError> {
        let mut all = Vec::with_capacity(RuleName::ALL.len());
        for name in RuleName::ALL {
            all.push((name, setting(item, name.as_str())?.map_or_else(|| name.default_rule(), |set| set.value)));
        }
        let threshold = setting(item, THRESHOLD)?.map_or(DEFAULT_THRESHOLD, |set| set.value);
        Ok(Self { all, threshold })
    }

    /// The rule called `name`.
    pub(crate) fn get(&self, name: RuleName) -> Rule {
        let own = self.all.iter().find(|(known, _)| *known == name);
        own.map_or_else(|| name.default_rule(), |(_, rule)| *rule)
    }

    /// The rules that hold.
    pub(crate) fn enabled(&self) -> impl Iterator<Item = (RuleName, Rule)> {
        self.all.iter().copied().filter(|(_, rule)| rule.enabled)
    }

    /// Whether any rule looks at `kind`.
    pub(crate) fn look_at(&self, kind: Kind) -> bool {
        self.enabled().any(|(name, _)| name.kinds().contains(&kind))
    }

    /// The longest window of all, in milliseconds.
    pub(crate) fn longest_ms(&self) -> i64 {
        self.enabled().map(|(_, rule)| rule.window_ms()).max().unwrap_or(0)
    }

    /// The longest window that looks at what stands in `partition`, in milliseconds; `None` if none does.
    pub(crate) fn longest_of(&self, partition: Partition) -> Option<i64> {
        let concerned = |name: RuleName| name.kinds().iter().any(|kind| Partition::of(*kind) == partition);
        self.enabled().filter(|(name, _)| concerned(*name)).map(|(_, rule)| rule.window_ms()).max()
    }
}

impl Rule {
    pub(crate) fn window_ms(&self) -> i64 {
        i64::from(self.window_seconds).saturating_mul(1_000)
    }
}

/// What operators set under `name`, if they did.
///
/// # Errors
/// If it is not readable.
pub(crate) fn setting<T: serde::de::DeserializeOwned>(
    item: Option<&Item>,
    name: &str,
) -> Result<Option<Set<T>>, StoreError> {
    item.map(|item| item.get_json(name)).transpose().map(Option::flatten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_sets_takes_the_place_of_the_default_and_the_rest_stays() {
        let rule = Rule { enabled: false, window_seconds: 5, limit: Amount::whole(1), points: 7 };
        let set = Set { value: rule, by: "op".to_owned(), at: Timestamp::default() };
        let item = Item::new().json("bet_velocity", &set).unwrap();
        let rules = Rules::read(Some(&item)).unwrap();
        assert_eq!(rules.get(RuleName::BetVelocity), rule);
        assert_eq!(rules.get(RuleName::NewDevices), RuleName::NewDevices.default_rule());
        assert_eq!(rules.threshold, DEFAULT_THRESHOLD);
        assert!(!rules.look_at(Kind::Bet) && rules.look_at(Kind::Login));
        assert_eq!(rules.longest_of(Partition::Bets), None);
        assert_eq!(rules.longest_of(Partition::Events), Some(86_400_000));
    }

    #[test]
    fn the_wire_name_is_the_paths_name() {
        for name in RuleName::ALL {
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
    }
}
