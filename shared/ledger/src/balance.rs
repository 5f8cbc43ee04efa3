//! One asset of a wallet: what is available, what is held, and which of it is bound to a merchant or a date.

use quoin_events::Timestamp;
use quoin_events::types::StakeLot;
use quoin_money::{Amount, MoneyError};
use serde::{Deserialize, Serialize};

/// The most lots that one asset is to have: for one more, the two of one merchant whose ends are closest become one. Where
/// each is of another merchant, a credit that gives something new is refused, and what comes back to the wallet is one
/// lot more. Above the bound are therefore no more lots than the wallet has orders open at once, each with all of one
/// merchant's coins in it. A lot takes less than 300 bytes: it would need more than a thousand such orders to come near
/// the 400 KB of an item.
pub const MAX_LOTS: usize = 64;

/// Part of an available balance that expires or that one merchant alone accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    pub(crate) fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    // Nobody loses time: the later end stays, and no end is later than any.
    fn absorb(&mut self, other: &Self) -> Result<(), MoneyError> {
        self.amount = self.amount.plus(other.amount)?;
        self.expires_at = self.expires_at.zip(other.expires_at).map(|(one, two)| one.max(two));
        Ok(())
    }

    /// The milliseconds that this lot would gain by the end of a later one.
    fn gained_by(&self, later: &Self) -> i64 {
        let ends = self.expires_at.zip(later.expires_at);
        ends.map_or(i64::MAX, |(end, later)| later.millis().saturating_sub(end.millis()))
    }

    fn accepted_by(&self, merchant: Option<&str>) -> bool {
        self.merchant_id.is_none() || self.merchant_id.as_deref() == merchant
    }

    pub(crate) fn is_bound(&self) -> bool {
        self.expires_at.is_some() || self.merchant_id.is_some()
    }

    /// When what is won with `amount` expires, of which `lots` were the bound parts: with the last of them, and never
    /// if any part of it never did.
    #[must_use]
    pub fn latest_end(lots: &[Self], amount: Amount) -> Option<Timestamp> {
        let dated = sum(lots.iter().filter(|lot| lot.expires_at.is_some())).ok()?;
        if dated < amount { None } else { lots.iter().filter_map(|lot| lot.expires_at).max() }
    }
}

impl From<StakeLot> for Lot {
    fn from(StakeLot { amount, expires_at, merchant_id }: StakeLot) -> Self {
        Self { amount, expires_at, merchant_id }
    }
}

impl From<Lot> for StakeLot {
    fn from(Lot { amount, expires_at, merchant_id }: Lot) -> Self {
        Self { amount, expires_at, merchant_id }
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

    /// Drops what has expired and says which lots that were.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Result<Vec<Lot>, MoneyError> {
        let expired: Vec<_> = self.lots.extract_if(.., |lot| lot.expired(now)).collect();
        self.available = self.available.minus(sum(expired.iter())?)?;
        Ok(expired)
    }

    /// Adds what was never the wallet's: as [`Balance::add`], but refused as too much if that takes lots of more
    /// merchants than [`MAX_LOTS`].
    pub(crate) fn add_new(&mut self, amount: Amount, lots: &[Lot], now: Timestamp) -> Result<(), MoneyError> {
        let most = self.lots.len().max(MAX_LOTS);
        self.add(amount, lots, now)?;
        let live = self.lots.iter().filter(|lot| !lot.expired(now)).count();
        if live > most { Err(MoneyError::Overflow) } else { Ok(()) }
    }

    /// Adds `amount`, of which `lots` are bound; they cannot be more than it.
    pub(crate) fn add(&mut self, amount: Amount, lots: &[Lot], now: Timestamp) -> Result<(), MoneyError> {
        amount.minus(sum(lots.iter())?)?;
        self.available = self.available.plus(amount)?;
        self.bind(lots, now)
    }

    /// Binds parts of what is available. What has expired by `now` stays by itself, so that it does not live on in
    /// another lot of its day: [`Balance::expire`] is to follow.
    pub(crate) fn bind(&mut self, lots: &[Lot], now: Timestamp) -> Result<(), MoneyError> {
        let bound = lots.iter().filter(|lot| lot.is_bound() && !lot.amount.is_zero()).cloned();
        let (expired, live): (Vec<_>, Vec<_>) = bound.partition(|lot| lot.expired(now));
        for lot in live {
            self.add_lot(lot)?;
        }
        self.lots.extend(expired);
        self.sort();
        Ok(())
    }

    // Lots of one merchant and one day are one lot.
    fn add_lot(&mut self, lot: Lot) -> Result<(), MoneyError> {
        let day = |lot: &Lot| lot.expires_at.map(Timestamp::day);
        let same = self.lots.iter_mut().find(|known| known.merchant_id == lot.merchant_id && day(known) == day(&lot));
        match same {
            Some(known) => known.absorb(&lot)?,
            None => {
                self.lots.push(lot);
                self.sort();
                while self.lots.len() > MAX_LOTS && self.merge_closest()? {}
            }
        }
        Ok(())
    }

    // In the order in which they are spent: what expires sooner first, and of what expires together that which only one
    // merchant accepts.
    fn sort(&mut self) {
        let order = |lot: &Lot| (lot.expires_at.is_none(), lot.expires_at, lot.merchant_id.is_none());
        self.lots.sort_by(|one, two| (order(one), &one.merchant_id).cmp(&(order(two), &two.merchant_id)));
    }

    // Makes room without taking time or a merchant's binding from anybody; says whether it did, since if every lot is of
    // another merchant nothing can be merged.
    fn merge_closest(&mut self) -> Result<bool, MoneyError> {
        let pairs = self.lots.iter().enumerate().filter_map(|(place, lot)| {
            let later = self.lots.iter().skip(place.saturating_add(1));
            let next = later.into_iter().find(|next| next.merchant_id == lot.merchant_id)?;
            Some((lot.gained_by(next), place))
        });
        let Some((_, place)) = pairs.min() else { return Ok(false) };
        let lot = self.lots.remove(place);
        let same = self.lots.iter_mut().skip(place).find(|next| next.merchant_id == lot.merchant_id);
        same.ok_or(MoneyError::Overflow)?.absorb(&lot)?;
        Ok(true)
    }

    /// Takes `amount`, first from what expires soonest, of what expires together first from the merchant's own, then from
    /// what is in no lot, and says what it took of each lot.
    pub(crate) fn take(&mut self, amount: Amount, merchant: Option<&str>) -> Result<Vec<Lot>, MoneyError> {
        self.available = self.available.minus(amount)?;
        draw(&mut self.lots, amount, merchant)
    }
}

/// Takes up to `amount` out of `lots`, in their order, and says what it took of each.
pub(crate) fn draw(lots: &mut Vec<Lot>, amount: Amount, merchant: Option<&str>) -> Result<Vec<Lot>, MoneyError> {
    let (mut rest, mut taken) = (amount, Vec::new());
    for lot in lots.iter_mut().filter(|lot| lot.accepted_by(merchant)) {
        let part = rest.min(lot.amount);
        if !part.is_zero() {
            lot.amount = lot.amount.minus(part)?;
            rest = rest.minus(part)?;
            taken.push(Lot { amount: part, ..lot.clone() });
        }
    }
    lots.retain(|lot| !lot.amount.is_zero());
    Ok(taken)
}

fn sum<'a>(lots: impl Iterator<Item = &'a Lot>) -> Result<Amount, MoneyError> {
    let mut total = Amount::ZERO;
    for lot in lots {
        total = total.plus(lot.amount)?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;

    fn lot(end: Option<i64>, merchant: Option<u8>) -> Lot {
        let merchant_id = merchant.map(|merchant| format!("m{merchant}"));
        Lot { amount: Amount::whole(1), expires_at: end.map(Timestamp::from_millis), merchant_id }
    }

    fn add(balance: &mut Balance, units: u32, lot: Lot) -> Result<(), MoneyError> {
        let amount = Amount::whole(units);
        balance.add_new(amount, &[Lot { amount, ..lot }], Timestamp::default())
    }

    fn lots(merchants: u8) -> impl Strategy<Value = Vec<(u32, Lot)>> {
        let end = prop::option::weighted(0.9, 1_i64..200 * DAY);
        let lot = (end, prop::option::of(0..merchants)).prop_map(|(end, merchant)| lot(end, merchant));
        prop::collection::vec((1_u32..50, lot), 1..160)
    }

    /// What of `lots` is left for `merchant` after `at`, that which is in no lot included.
    fn left(lots: &[(u32, Lot)], at: Timestamp, merchant: Option<&str>) -> Amount {
        let good = lots.iter().filter(|(_, lot)| !lot.expired(at) && lot.accepted_by(merchant));
        Amount::whole(good.map(|(units, _)| units).sum())
    }

    #[test]
    fn a_lot_without_an_end_keeps_none() {
        let (mut dated, mut endless) = (lot(Some(5), Some(1)), lot(None, Some(1)));
        dated.absorb(&endless).unwrap();
        endless.absorb(&lot(Some(5), Some(1))).unwrap();
        assert_eq!((dated.expires_at, endless.expires_at), (None, None));
    }

    #[test]
    fn one_merchant_too_many_is_refused_and_one_that_is_known_is_not() {
        let mut balance = Balance::default();
        for merchant in 0..64 {
            add(&mut balance, 1, lot(Some(DAY), Some(merchant))).unwrap();
        }
        let refused = add(&mut balance.clone(), 1, lot(Some(DAY), Some(64)));
        assert_eq!(refused, Err(MoneyError::Overflow));
        add(&mut balance, 1, lot(None, Some(63))).unwrap();
        assert_eq!(balance.lots.len(), MAX_LOTS);
        assert_eq!(balance.lots.iter().filter(|lot| lot.expires_at.is_none()).count(), 1);
    }

    #[test]
    fn what_comes_back_is_taken_beyond_the_bound_and_known_merchants_are_still_given_to() {
        let mut balance = Balance::default();
        for merchant in 0..64 {
            add(&mut balance, 1, lot(Some(DAY), Some(merchant))).unwrap();
        }
        balance.add(Amount::whole(1), &[lot(Some(DAY), Some(64))], Timestamp::default()).unwrap();
        assert_eq!(balance.spendable(Timestamp::default(), Some("m64")).unwrap(), Amount::whole(1));
        assert_eq!(balance.lots.len(), MAX_LOTS + 1);
        add(&mut balance, 1, lot(Some(3 * DAY), Some(0))).unwrap();
        assert_eq!(balance.lots.len(), MAX_LOTS + 1);
        assert_eq!(add(&mut balance.clone(), 1, lot(Some(DAY), Some(65))), Err(MoneyError::Overflow));
    }

    #[test]
    fn what_expires_sooner_is_spent_first_and_of_equals_what_one_merchant_accepts() {
        let given = [
            lot(None, Some(1)),
            lot(Some(9 * DAY), None),
            lot(Some(5 * DAY), None),
            lot(Some(9 * DAY), Some(1)),
            lot(Some(2 * DAY), Some(2)),
        ];
        let mut balance = Balance::default();
        balance.add(Amount::whole(6), &given, Timestamp::default()).unwrap();
        let expected = [2, 3, 1, 0].map(|place: usize| given[place].clone());
        assert_eq!(balance.clone().take(Amount::whole(5), Some("m1")).unwrap(), expected);
        assert_eq!(balance.take(Amount::whole(2), None).unwrap(), [given[2].clone(), given[1].clone()]);
    }

    #[test]
    fn winnings_expire_with_the_last_part_of_the_stake_and_never_if_a_part_never_did() {
        let staked = [lot(Some(5), None), lot(Some(7), None)];
        assert_eq!(Lot::latest_end(&staked, Amount::whole(2)), Some(Timestamp::from_millis(7)));
        assert_eq!(Lot::latest_end(&staked, Amount::whole(3)), None);
        assert_eq!(Lot::latest_end(&[lot(Some(5), None), lot(None, Some(1))], Amount::whole(2)), None);
        assert_eq!(Lot::latest_end(&[], Amount::whole(2)), None);
    }

    #[test]
    fn what_has_expired_does_not_live_on_in_another_lot_of_its_day() {
        let (mut balance, noon) = (Balance::default(), Timestamp::from_millis(DAY / 2));
        balance.add(Amount::whole(1), &[lot(Some(DAY - 1), None)], noon).unwrap();
        balance.add(Amount::whole(1), &[lot(Some(1), None)], noon).unwrap();
        assert_eq!(balance.expire(noon).unwrap(), [lot(Some(1), None)]);
        assert_eq!((balance.available, balance.lots), (Amount::whole(1), vec![lot(Some(DAY - 1), None)]));
    }

    #[test]
    fn no_more_is_bound_than_is_added() {
        let refused =
            Balance::default().add(Amount::whole(1), &[lot(Some(5), None), lot(None, Some(1))], Timestamp::default());
        assert_eq!(refused, Err(MoneyError::Negative));
    }

    proptest! {
        #[test]
        fn nothing_that_expires_sooner_is_left_behind(
            added in lots(3), units in 1_u32..500, merchant in prop::sample::select(vec![None, Some("m0"), Some("m1")]),
        ) {
            let mut balance = Balance::default();
            for (units, lot) in added {
                add(&mut balance, units, lot).unwrap();
            }
            let amount = Amount::whole(units).min(balance.spendable(Timestamp::default(), merchant).unwrap());
            let taken = balance.take(amount, merchant).unwrap();
            let end = |lot: &Lot| (lot.expires_at.is_none(), lot.expires_at);
            for lot in balance.lots.iter().filter(|lot| lot.accepted_by(merchant)) {
                prop_assert!(taken.iter().all(|taken| end(taken) <= end(lot)));
            }
        }

        #[test]
        fn lots_stay_within_the_bound_and_nobody_loses_time(
            added in prop_oneof![lots(3), lots(90)], at in 0_i64..220 * DAY,
        ) {
            let (mut balance, mut kept) = (Balance::default(), Vec::new());
            for (units, lot) in added {
                let mut next = balance.clone();
                if add(&mut next, units, lot.clone()).is_ok() {
                    balance = next;
                    kept.push((units, lot));
                } else {
                    // Only where nothing is left to merge.
                    let merchants: std::collections::BTreeSet<_> = balance.lots.iter().map(|lot| &lot.merchant_id).collect();
                    prop_assert_eq!(merchants.len(), MAX_LOTS);
                }
                prop_assert!(balance.lots.len() <= MAX_LOTS);
            }
            let at = Timestamp::from_millis(at);
            for merchant in [None, Some("m0"), Some("m1")] {
                prop_assert!(balance.spendable(at, merchant).unwrap() >= left(&kept, at, merchant));
            }
            // Before any end there is exactly what each merchant was given.
            let start = Timestamp::from_millis(0);
            for merchant in [None, Some("m0"), Some("m1"), Some("m2")] {
                prop_assert_eq!(balance.spendable(start, merchant).unwrap(), left(&kept, start, merchant));
            }
        }
    }
}
