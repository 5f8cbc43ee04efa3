//! One asset of a wallet: what is available, what is held, and which of it is bound to a merchant or a date.

use quoin_events::Timestamp;
use quoin_money::{Amount, MoneyError};
use serde::{Deserialize, Serialize};

/// The most lots one asset may have; more are merged into the one that expires next.
pub const MAX_LOTS: usize = 64;

/// Part of an available balance that expires or that one merchant alone accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// How much is left of it.
    pub amount: Amount,
    /// When the rest of it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The only merchant that accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_id: Option<String>,
}

impl Lot {
    fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    fn accepted_by(&self, merchant: Option<&str>) -> bool {
        self.merchant_id.is_none() || self.merchant_id.as_deref() == merchant
    }
}

/// What a wallet has of one asset. The lots are part of `available`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Balance {
    /// Can be spent.
    pub available: Amount,
    /// Set aside by holds.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub held: Amount,
    /// The bound parts of `available`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Lot>,
}

impl Balance {
    /// What can be spent now with `merchant`.
    ///
    /// # Errors
    /// If the numbers are too large.
    pub fn spendable(&self, now: Timestamp, merchant: Option<&str>) -> Result<Amount, MoneyError> {
        let blocked = self.lots.iter().filter(|lot| lot.expired(now) || !lot.accepted_by(merchant));
        let blocked = sum(blocked)?;
        self.available.minus(blocked)
    }

    /// What is available now, whoever the merchant: what has expired is no longer there.
    ///
    /// # Errors
    /// If the numbers are too large.
    pub fn unexpired(&self, now: Timestamp) -> Result<Amount, MoneyError> {
        self.available.minus(sum(self.lots.iter().filter(|lot| lot.expired(now)))?)
    }

    /// Drops what has expired and says how much that was.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Result<Amount, MoneyError> {
        let expired = sum(self.lots.iter().filter(|lot| lot.expired(now)))?;
        self.available = self.available.minus(expired)?;
        self.lots.retain(|lot| !lot.expired(now));
        Ok(expired)
    }

    /// Adds `amount`, bound as `lot` says.
    pub(crate) fn add(&mut self, amount: Amount, lot: Option<Lot>) -> Result<(), MoneyError> {
        self.available = self.available.plus(amount)?;
        match lot {
            Some(lot) if lot.expires_at.is_some() || lot.merchant_id.is_some() => self.add_lot(Lot { amount, ..lot }),
            Some(_) | None => Ok(()),
        }
    }

    // Lots of one merchant and one day are one lot that keeps the later end, so nobody loses time.
    fn add_lot(&mut self, lot: Lot) -> Result<(), MoneyError> {
        let day = |lot: &Lot| lot.expires_at.map(Timestamp::day);
        let full = self.lots.len() >= MAX_LOTS;
        let same = self
            .lots
            .iter_mut()
            .find(|known| known.merchant_id == lot.merchant_id && (full || day(known) == day(&lot)));
        match same {
            Some(known) => {
                known.amount = known.amount.plus(lot.amount)?;
                known.expires_at = known.expires_at.max(lot.expires_at);
            }
            None => self.lots.push(lot),
        }
        self.lots.sort_by_key(|lot| (lot.expires_at.is_none(), lot.expires_at));
        Ok(())
    }

    /// Takes `amount`, first from the merchant's own lots, then from what expires soonest, then from the rest.
    pub(crate) fn take(&mut self, amount: Amount, merchant: Option<&str>) -> Result<(), MoneyError> {
        self.available = self.available.minus(amount)?;
        let mut rest = amount;
        for own in [true, false] {
            for lot in self.lots.iter_mut().filter(|lot| lot.merchant_id.is_some() == own && lot.accepted_by(merchant))
            {
                let part = rest.min(lot.amount);
                lot.amount = lot.amount.minus(part)?;
                rest = rest.minus(part)?;
            }
        }
        self.lots.retain(|lot| !lot.amount.is_zero());
        Ok(())
    }
}

fn sum<'a>(lots: impl Iterator<Item = &'a Lot>) -> Result<Amount, MoneyError> {
    let mut total = Amount::ZERO;
    for lot in lots {
        total = total.plus(lot.amount)?;
    }
    Ok(total)
}
