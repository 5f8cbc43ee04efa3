//! A bonus: the event that the wallet credits and the row that its owner sees, always together.

use quoin_events::types::{BonusAwarded, BonusKind};
use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_money::{Amount, Asset, Rounding};
use quoin_runtime::{Config, Failure};
use quoin_store::{Commit, Item, Key, StoreError, derived_id};
use serde::{Deserialize, Serialize};

use crate::table;

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// A bonus that is granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Bonus {
    /// Its id.
    pub(crate) bonus_id: String,
    /// Why.
    pub(crate) kind: BonusKind,
    /// What it is counted in.
    pub(crate) asset: Asset,
    /// How much.
    pub(crate) amount: Amount,
    /// When.
    pub(crate) awarded_at: Timestamp,
    /// When what is left of it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
}

impl Bonus {
    /// A bonus of `amount` of bonus money for `reason`; `None` if there is nothing to give.
    ///
    /// # Errors
    /// If `BONUS_EXPIRY_DAYS` is not a number.
    pub(crate) fn grant(
        config: &Config,
        kind: BonusKind,
        reason: &str,
        amount: Amount,
        now: Timestamp,
    ) -> Result<Option<Self>, Failure> {
        let days: u32 = config.parse_or("BONUS_EXPIRY_DAYS", 0)?;
        let expires_at = (days > 0).then(|| now.plus_seconds(i64::from(days).saturating_mul(DAY)));
        let bonus_id = derived_id("bonus", &[reason]);
        let bonus = Self { bonus_id, kind, asset: Asset::Bonus, amount, awarded_at: now, expires_at };
        Ok(Some(bonus).filter(|bonus| !bonus.amount.is_zero()))
    }

    /// The event for the wallet.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn event(&self, user_id: &str, related_entity: EntityRef) -> Result<Draft, StoreError> {
        let event = BonusAwarded {
            bonus_id: self.bonus_id.clone(),
            user_id: user_id.to_owned(),
            kind: self.kind,
            asset: self.asset,
            amount: self.amount,
            expires_at: self.expires_at,
            related_entity,
        };
        Ok(Draft::new(&event, self.awarded_at)?)
    }

    /// `commit` with the row that the owner sees.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn listed(&self, commit: Commit, table: &str, user_id: &str) -> Result<Commit, StoreError> {
        let key = Key::new(table::bonuses(user_id), table::at(self.awarded_at, &self.bonus_id));
        Ok(commit.put(table, table::item(key).json("bonus", self)?))
    }

    /// The bonus of a row.
    ///
    /// # Errors
    /// If the row is not a bonus.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        item.require_json("bonus")
    }
}

/// An amount of bonus money from the parameter `name`, cut to what the asset can hold; nothing if it is not set.
///
/// # Errors
/// If the parameter is not an amount.
pub(crate) fn parameter(config: &Config, name: &str) -> Result<Amount, Failure> {
    let amount: Amount = config.parse_or(name, Amount::ZERO)?;
    let scale = config.scales()?.of(Asset::Bonus);
    amount.times(Amount::whole(1).value(), scale, Rounding::Down).map_err(Failure::transient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn config(pairs: &[(&str, &str)]) -> Config {
        Config::new(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>(),
        )
    }

    #[test]
    fn a_bonus_of_nothing_is_not_granted() {
        let granted = Bonus::grant(&config(&[]), BonusKind::Welcome, "welcome:u", Amount::ZERO, Timestamp::default());
        assert_eq!(granted, Ok(None));
    }

    #[test]
    fn the_same_reason_gives_the_same_bonus_and_expires_in_days() {
        let config = config(&[("BONUS_EXPIRY_DAYS", "30")]);
        let grant = |reason| Bonus::grant(&config, BonusKind::Deposit, reason, Amount::whole(5), Timestamp::default());
        let (one, again, other) =
            (grant("deposit:a").unwrap(), grant("deposit:a").unwrap(), grant("deposit:b").unwrap());
        assert_eq!(one, again);
        assert_ne!(one.as_ref().unwrap().bonus_id, other.unwrap().bonus_id);
        assert_eq!(one.unwrap().expires_at.unwrap().to_string(), "1970-01-31T00:00:00.000Z");
    }

    #[test]
    fn a_parameter_with_too_many_decimals_is_cut() {
        let config = config(&[("WELCOME_BONUS", "10.019"), ("REFERRAL_REWARD", "ten")]);
        assert_eq!(parameter(&config, "WELCOME_BONUS").unwrap().to_string(), "10.01");
        assert_eq!(parameter(&config, "DEPOSIT_BONUS_MAX"), Ok(Amount::ZERO));
        assert!(parameter(&config, "REFERRAL_REWARD").is_err());
    }
}
