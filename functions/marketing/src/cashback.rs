//! Cashback for an order: set aside when the order is final, granted when it is due.
//!
//! What is set aside are two rows, written with the order's points: one that its owner sees, and one in a partition
//! that is sorted by the moment when it is due. Both go with the award. A row that comes late, or is due at once,
//! stands at the beginning of its partition, where the payer begins: nothing is ever behind it.

use quoin_events::types::{BonusKind, OrderCreated};
use quoin_events::{Cause, EntityRef, Envelope, Origin, Timestamp};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Config, Failure};
use quoin_store::{Append, Commit, Item, Key, StoreError, Stream, derived_id};
use serde::{Deserialize, Serialize};

use crate::bonus::{Bonus, DAY};
use crate::rules;
use crate::table;

/// Partitions of what is due, so that no one of them takes every write.
pub(crate) const SHARDS: u8 = 16;

/// Cashback that is set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cashback {
    /// For which order.
    pub(crate) order_id: String,
    /// For whom.
    pub(crate) user_id: String,
    /// How many coins.
    pub(crate) amount: Amount,
    /// From when on it is granted.
    pub(crate) due_at: Timestamp,
    /// The request that led to the order.
    request_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    /// The event that it follows from.
    event_id: String,
}

/// What an order was given, as the award's stream keeps it.
#[derive(Debug, Serialize)]
struct OrderAward<'a> {
    user_id: &'a str,
    order_id: &'a str,
    bonus: &'a Bonus,
}

impl Cashback {
    /// What an order earns; `None` if that is less than a coin.
    ///
    /// # Errors
    /// If `CASHBACK_PERCENT` or `CASHBACK_DAYS` is not a number, or the order has too many digits.
    pub(crate) fn of(config: &Config, order: &OrderCreated, event: &Envelope) -> Result<Option<Self>, Failure> {
        let percent = config.parse_or("CASHBACK_PERCENT", Amount::whole(5))?;
        let days: u32 = config.parse_or("CASHBACK_DAYS", 14)?;
        let scale = config.scales()?.of(Asset::RezCoins);
        let amount = rules::share(order.pricing.total, percent, scale).map_err(Failure::poison)?;
        let cashback = Self {
            order_id: order.order_id.clone(),
            user_id: order.user_id.clone(),
            amount,
            due_at: order.created_at.plus_seconds(i64::from(days).saturating_mul(DAY)),
            request_id: event.metadata.request_id.clone(),
            traceparent: event.metadata.traceparent.clone(),
            event_id: event.event_id().to_owned(),
        };
        Ok(Some(cashback).filter(|cashback| !cashback.amount.is_zero()))
    }

    /// The cashback of a row.
    ///
    /// # Errors
    /// If the row is not one.
    pub(crate) fn read(row: &Item) -> Result<Self, StoreError> {
        row.require_json("cashback")
    }

    /// `commit` with the rows of what is set aside.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn set_aside(&self, commit: Commit, table: &str) -> Result<Commit, StoreError> {
        let row = |key: Key| table::item(key).json("cashback", self);
        Ok(commit.put(table, row(self.due_key())?).put(table, row(self.pending_key())?))
    }

    /// `commit` without them.
    pub(crate) fn cleared(&self, commit: Commit, table: &str) -> Commit {
        commit.delete(table, self.due_key()).delete(table, self.pending_key())
    }

    /// The commit that grants it: only the first one can be written.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn award(&self, table: &str, now: Timestamp) -> Result<Commit, StoreError> {
        let stream = Stream::new("award", format!("cashback:{}", self.order_id));
        let bonus = Bonus {
            bonus_id: derived_id("bonus", &[&stream.id]),
            kind: BonusKind::Cashback,
            asset: Asset::RezCoins,
            amount: self.amount,
            awarded_at: now,
            expires_at: None,
        };
        let event = bonus.event(&self.user_id, EntityRef { kind: "order".to_owned(), id: self.order_id.clone() })?;
        let state = OrderAward { user_id: &self.user_id, order_id: &self.order_id, bonus: &bonus };
        let commit = Commit::new().append(Append::first(stream, now).state(&state)?.events([event]));
        Ok(self.cleared(bonus.listed(commit, table, &self.user_id)?, table))
    }

    /// What the award follows from: the order, however long ago that was.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
            cause: Cause::Event(self.event_id.clone()),
        }
    }

    fn due_key(&self) -> Key {
        let shard = self.order_id.bytes().fold(0_u8, u8::wrapping_add).checked_rem(SHARDS).unwrap_or(0);
        Key::new(table::cashback_due(shard), table::at(self.due_at, &self.order_id))
    }

    fn pending_key(&self) -> Key {
        Key::new(table::cashback_pending(&self.user_id), table::at(self.due_at, &self.order_id))
    }
}

/// All partitions of what is due, from one of them on: a run that is cut short is not always cut short before the same
/// ones.
pub(crate) fn shards(first: u64) -> impl Iterator<Item = u8> {
    let first = u8::try_from(first.checked_rem(u64::from(SHARDS)).unwrap_or(0)).unwrap_or(0);
    (first..SHARDS).chain(0..first)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const CREATED: &str = include_str!("../../../events/catalogue/order.created.json");

    fn sample() -> Envelope {
        serde_json::from_str(CREATED).unwrap()
    }

    fn cashback(variables: &[(&str, &str)]) -> Option<Cashback> {
        let variables: BTreeMap<_, _> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let event = sample();
        Cashback::of(&Config::new(variables), &event.data().unwrap(), &event).unwrap()
    }

    #[test]
    fn five_percent_of_what_was_paid_is_due_a_fortnight_later() {
        let one = cashback(&[]).unwrap();
        // 5 % of 450 are 22.5.
        assert_eq!((one.amount, one.due_at.to_string().as_str()), (Amount::whole(22), "2026-01-18T10:17:15.456Z"));
        let other = cashback(&[("CASHBACK_PERCENT", "12.5"), ("CASHBACK_DAYS", "0")]).unwrap();
        assert_eq!((other.amount, other.due_at.to_string().as_str()), (Amount::whole(56), "2026-01-04T10:17:15.456Z"));
    }

    #[test]
    fn less_than_a_coin_is_nothing() {
        assert_eq!(cashback(&[("CASHBACK_PERCENT", "0.2")]), None);
        assert_eq!(cashback(&[("CASHBACK_PERCENT", "0")]), None);
    }

    #[test]
    fn a_row_reads_back_and_the_award_takes_it_away() {
        let one = cashback(&[]).unwrap();
        let row = table::item(one.due_key()).json("cashback", &one).unwrap();
        assert_eq!(Cashback::read(&row).unwrap(), one);
        let written = format!("{:?}", one.award("t", one.due_at).unwrap());
        for part in ["cashback:order_101", "BonusAwarded", "rez_coins", r#"Delete { table: "t""#] {
            assert!(written.contains(part), "{part}: {written}");
        }
        assert_eq!(written.matches("Delete {").count(), 2);
        assert_eq!(one.origin().request_id, "req_125");
    }

    proptest! {
        #[test]
        fn what_is_due_stands_before_what_is_not_in_a_partition_that_is_paid(
            id in "[a-z0-9_]{1,20}", due in 0_i64..4_000_000_000_000, now in 0_i64..4_000_000_000_000, first in any::<u64>(),
        ) {
            let (due_at, now) = (Timestamp::from_millis(due), Timestamp::from_millis(now));
            let one = Cashback { order_id: id, due_at, ..cashback(&[]).unwrap() };
            let key = one.due_key();
            prop_assert_eq!(shards(first).filter(|shard| table::cashback_due(*shard) == key.pk).count(), 1);
            // The payer asks for what sorts before `until`.
            prop_assert_eq!(key.sk.as_str() <= table::until(now).as_str(), due_at <= now);
        }
    }
}
