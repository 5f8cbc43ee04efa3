//! Responsible-gaming limits: decreases hold at once, increases after a cooling-off.

use quoin_events::Timestamp;
use quoin_events::types::{LimitKind, LimitPeriod, WalletLimitReached};
use quoin_money::{Amount, Asset, MoneyError};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// A day of cooling-off before more is allowed, in milliseconds.
const COOLING_OFF_MS: i64 = 86_400_000;

/// A higher limit that is not in force yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PendingIncrease {
    /// The higher limit.
    pub amount: Amount,
    /// From when it holds.
    pub from: Timestamp,
}

/// One limit and what is used of it in the current window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limit {
    /// What it bounds.
    pub kind: LimitKind,
    /// Its calendar window.
    pub period: LimitPeriod,
    /// The asset.
    pub asset: Asset,
    /// The most that is allowed in a window.
    pub amount: Amount,
    /// Since when `used` counts: the begin of the calendar window, or the moment the limit was first set if that is
    /// later.
    pub window: Timestamp,
    /// What is used since then.
    pub used: Amount,
    /// What came back since then beyond what was used; what is taken back draws on it first.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub surplus: Amount,
    /// An increase that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingIncrease>,
}

/// All limits of a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(transparent)]
pub struct Limits(pub Vec<Limit>);

/// Why limits refuse an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LimitError {
    /// More than is left.
    Reached(Box<WalletLimitReached>),
    /// The numbers are too large.
    Money(MoneyError),
}

impl From<MoneyError> for LimitError {
    fn from(error: MoneyError) -> Self {
        Self::Money(error)
    }
}

/// The calendar in which windows begin: minutes that the stage's time zone is ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Minutes ahead of UTC.
    pub offset_minutes: i16,
}

impl Window {
    /// Begin of the calendar window that holds `now`.
    #[must_use]
    pub fn start(self, period: LimitPeriod, now: Timestamp) -> Timestamp {
        let offset_ms = i64::from(self.offset_minutes).saturating_mul(60_000);
        let local = now.millis().saturating_add(offset_ms).div_euclid(1000);
        let moment = OffsetDateTime::from_unix_timestamp(local).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let day = moment.date();
        let first = match period {
            LimitPeriod::Day => day,
            LimitPeriod::Week => {
                day.checked_sub(Duration::days(i64::from(day.weekday().number_days_from_monday()))).unwrap_or(day)
            }
            LimitPeriod::Month => day.replace_day(1).unwrap_or(day),
        };
        let ms = first.midnight().assume_utc().unix_timestamp().saturating_mul(1000);
        Timestamp::from_millis(ms.saturating_sub(offset_ms))
    }
}

impl Limit {
    // A new window starts from nothing, and an increase whose time has come holds.
    fn refresh(&mut self, now: Timestamp, calendar: Window) {
        let window = calendar.start(self.period, now);
        if window > self.window {
            self.window = window;
            (self.used, self.surplus) = (Amount::ZERO, Amount::ZERO);
        }
        if let Some(pending) = self.pending.take_if(|pending| pending.from <= now) {
            self.amount = pending.amount;
        }
    }
}

impl Limits {
    /// Sets a limit; an increase waits for the cooling-off. Returns the limit as it now stands.
    pub fn set(
        &mut self,
        (kind, period, asset): (LimitKind, LimitPeriod, Asset),
        amount: Amount,
        now: Timestamp,
        calendar: Window,
    ) -> Limit {
        let same = |limit: &&mut Limit| (limit.kind, limit.period, limit.asset) == (kind, period, asset);
        if let Some(limit) = self.0.iter_mut().find(same) {
            limit.refresh(now, calendar);
            if amount > limit.amount {
                // Asking again for what is already waited for does not make the wait longer.
                let waits = limit.pending.take().filter(|pending| pending.amount == amount);
                let from = waits.map_or_else(|| now.plus_millis(COOLING_OFF_MS), |pending| pending.from);
                limit.pending = Some(PendingIncrease { amount, from });
            } else {
                limit.amount = amount;
                limit.pending = None;
            }
            return limit.clone();
        }
        let limit = Limit {
            kind,
            period,
            asset,
            amount,
            window: now,
            used: Amount::ZERO,
            surplus: Amount::ZERO,
            pending: None,
        };
        self.0.push(limit.clone());
        limit
    }

    /// Whether there is a limit of `kind` on `asset`.
    #[must_use]
    pub fn bounds(&self, kind: LimitKind, asset: Asset) -> bool {
        self.0.iter().any(|limit| limit.kind == kind && limit.asset == asset)
    }

    /// The limits of `kind` on `asset` as they are at `now`.
    fn current(
        &mut self,
        kind: LimitKind,
        asset: Asset,
        now: Timestamp,
        calendar: Window,
    ) -> impl Iterator<Item = &mut Limit> {
        let concerned = move |limit: &&mut Limit| limit.kind == kind && limit.asset == asset;
        self.0.iter_mut().filter(concerned).for_each(|limit| limit.refresh(now, calendar));
        self.0.iter_mut().filter(concerned)
    }

    /// Counts `amount` against every limit of `kind`, or refuses it.
    pub(crate) fn use_up(
        &mut self,
        user_id: &str,
        kind: LimitKind,
        (asset, amount): (Asset, Amount),
        now: Timestamp,
        calendar: Window,
    ) -> Result<(), LimitError> {
        for limit in self.current(kind, asset, now, calendar) {
            let used = limit.used.plus(amount)?;
            if used > limit.amount {
                return Err(LimitError::Reached(Box::new(WalletLimitReached {
                    user_id: user_id.to_owned(),
                    kind,
                    period: limit.period,
                    asset,
                    limit: limit.amount,
                    used: limit.used,
                    attempted: amount,
                })));
            }
            limit.used = used;
        }
        Ok(())
    }

    /// Counts `amount` against every limit of `kind`, also above it: what has happened cannot be refused any more.
    /// What came back too much goes first, so it does not matter which of the two comes first.
    pub(crate) fn count(
        &mut self,
        kind: LimitKind,
        (asset, amount): (Asset, Amount),
        now: Timestamp,
        calendar: Window,
    ) -> Result<(), MoneyError> {
        for limit in self.current(kind, asset, now, calendar) {
            let forgone = limit.surplus.min(amount);
            limit.surplus = limit.surplus.minus(forgone)?;
            limit.used = limit.used.plus(amount.minus(forgone)?)?;
        }
        Ok(())
    }

    /// Gives back `amount` that was counted at `counted_at`, where that still counts, and never below nothing.
    pub(crate) fn give_back(
        &mut self,
        kind: LimitKind,
        (asset, amount): (Asset, Amount),
        counted_at: Timestamp,
        now: Timestamp,
        calendar: Window,
    ) -> Result<(), MoneyError> {
        for limit in self.current(kind, asset, now, calendar).filter(|limit| limit.window <= counted_at) {
            let counted = limit.used.min(amount);
            limit.used = limit.used.minus(counted)?;
            limit.surplus = limit.surplus.plus(amount.minus(counted)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn asking_again_for_an_increase_does_not_make_the_wait_longer() {
        let (mut limits, key) = (Limits::default(), (LimitKind::Stake, LimitPeriod::Day, Asset::Cash));
        let mut set = |amount, hour| {
            limits.set(key, Amount::whole(amount), Timestamp::from_millis(hour * HOUR), Window::default())
        };
        set(10, 0);
        let first = set(20, 1).pending.unwrap();
        assert_eq!(set(20, 5).pending, Some(first.clone()));
        assert_eq!(set(30, 5).pending.unwrap().from, Timestamp::from_millis(29 * HOUR));
        let raised = set(30, 30);
        assert_eq!((raised.amount, raised.pending), (Amount::whole(30), None));
    }
}
