//! How an order is paid: how much of each asset is taken, in the order that the stage names.

use quoin_events::Timestamp;
use quoin_ledger::Wallet;
use quoin_money::{Amount, Asset, MoneyError, Rounding, Scales};
use rust_decimal::Decimal;

/// What is to be taken, or why it cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    /// So much of each asset, in order; nothing for an order that costs nothing.
    Pays(Vec<(Asset, Amount)>),
    /// All of the assets together can pay no more than this of it.
    Lacks(Amount),
}

/// How `wallet` pays `total` to `merchant_id` with `assets`, each part rounded down to its asset's scale.
///
/// Assets are taken one after the other, so the finest one belongs at the end: what a coarse asset cannot pay exactly is
/// left to those after it.
///
/// # Errors
/// If the numbers are too large.
pub(crate) fn plan(
    wallet: &Wallet,
    total: Amount,
    assets: &[Asset],
    merchant_id: &str,
    scales: Scales,
    now: Timestamp,
) -> Result<Plan, MoneyError> {
    let (mut rest, mut parts) = (total, Vec::new());
    for asset in assets {
        let spendable = spendable(wallet, *asset, merchant_id, now)?;
        let part = rest.min(spendable).times(Decimal::ONE, scales.of(*asset), Rounding::Down)?;
        if !part.is_zero() {
            rest = rest.minus(part)?;
            parts.push((*asset, part));
        }
    }
    if rest.is_zero() { Ok(Plan::Pays(parts)) } else { Ok(Plan::Lacks(total.minus(rest)?)) }
}

/// What of `asset` can be spent at the merchant; of branded coins only those that are the merchant's own.
fn spendable(wallet: &Wallet, asset: Asset, merchant_id: &str, now: Timestamp) -> Result<Amount, MoneyError> {
    let Some(balance) = wallet.balances.get(&asset) else { return Ok(Amount::ZERO) };
    match asset {
        Asset::BrandedCoins => {
            let lots = balance.lots.iter().filter(|lot| lot.expires_at.is_none_or(|end| end > now));
            let own = lots.filter(|lot| lot.merchant_id.as_deref() == Some(merchant_id));
            own.into_iter().try_fold(Amount::ZERO, |sum, lot| sum.plus(lot.amount))
        }
        Asset::Cash | Asset::Bonus | Asset::PromoCoins | Asset::RezCoins | Asset::Credits => {
            balance.spendable(now, Some(merchant_id))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quoin_events::EntityRef;
    use quoin_ledger::{Balance, Change, Lot, Movement, Purpose, Window, decide};

    const ORDER: [Asset; 4] = [Asset::PromoCoins, Asset::BrandedCoins, Asset::RezCoins, Asset::Cash];

    fn wallet(balances: &[(Asset, &str)]) -> Wallet {
        let mut wallet = Wallet::new("u".into(), Timestamp::from_millis(0));
        for (asset, text) in balances {
            let available: Amount = text.parse().unwrap();
            let merchant_id = (*asset == Asset::BrandedCoins).then(|| "m1".to_owned());
            let lots = merchant_id.map(|id| Lot { amount: available, expires_at: None, merchant_id: Some(id) });
            let balance = Balance { available, lots: lots.into_iter().collect(), ..Balance::default() };
            wallet.balances.insert(*asset, balance);
        }
        wallet
    }

    fn pay(wallet: &Wallet, total: &str, merchant: &str) -> Plan {
        plan(wallet, total.parse().unwrap(), &ORDER, merchant, Scales::default(), Timestamp::from_millis(10)).unwrap()
    }

    fn units(parts: &[(Asset, u32)]) -> Plan {
        Plan::Pays(parts.iter().map(|(asset, units)| (*asset, Amount::whole(*units))).collect())
    }

    #[test]
    fn the_sources_order_takes_200_150_and_100() {
        let wallet = wallet(&[(Asset::PromoCoins, "200"), (Asset::BrandedCoins, "150"), (Asset::RezCoins, "100")]);
        let expected = [(Asset::PromoCoins, 200), (Asset::BrandedCoins, 150), (Asset::RezCoins, 100)];
        assert_eq!(pay(&wallet, "450", "m1"), units(&expected));
        assert_eq!(pay(&wallet, "451", "m1"), Plan::Lacks(Amount::whole(450)));
    }

    #[test]
    fn another_merchants_coins_pay_nothing() {
        let wallet = wallet(&[(Asset::BrandedCoins, "150"), (Asset::RezCoins, "100")]);
        assert_eq!(pay(&wallet, "100", "m2"), units(&[(Asset::RezCoins, 100)]));
        assert_eq!(pay(&wallet, "101", "m2"), Plan::Lacks(Amount::whole(100)));
    }

    #[test]
    fn coins_leave_fractions_to_cash() {
        let wallet = wallet(&[(Asset::PromoCoins, "500"), (Asset::Cash, "0.5")]);
        let half = "0.5".parse().unwrap();
        assert_eq!(
            pay(&wallet, "100.5", "m1"),
            Plan::Pays(vec![(Asset::PromoCoins, Amount::whole(100)), (Asset::Cash, half)])
        );
        assert_eq!(pay(&wallet, "100.75", "m1"), Plan::Lacks("100.5".parse().unwrap()));
    }

    #[test]
    fn what_has_expired_pays_nothing() {
        let mut wallet = wallet(&[(Asset::BrandedCoins, "150")]);
        for lot in &mut wallet.balances.get_mut(&Asset::BrandedCoins).unwrap().lots {
            lot.expires_at = Some(Timestamp::from_millis(10));
        }
        assert_eq!(pay(&wallet, "1", "m1"), Plan::Lacks(Amount::ZERO));
    }

    #[test]
    fn an_order_that_costs_nothing_takes_nothing() {
        assert_eq!(pay(&wallet(&[]), "0", "m1"), Plan::Pays(Vec::new()));
    }

    proptest! {
        #[test]
        fn a_plan_pays_exactly_and_the_wallet_agrees(
            total in 0_i64..200_000, promo in 0_u32..500, branded in 0_u32..500, rez in 0_u32..500, cash in 0_i64..100_000,
        ) {
            let text = |cents| Decimal::new(cents, 2).to_string();
            let (total, cash) = (text(total), text(cash));
            let (promo, branded, rez) = (promo.to_string(), branded.to_string(), rez.to_string());
            let wallet = wallet(&[
                (Asset::PromoCoins, &promo), (Asset::BrandedCoins, &branded), (Asset::RezCoins, &rez), (Asset::Cash, &cash),
            ]);
            let amount: Amount = total.parse().unwrap();
            match pay(&wallet, &total, "m1") {
                Plan::Lacks(available) => prop_assert!(available < amount),
                Plan::Pays(parts) => {
                    let sum = parts.iter().try_fold(Amount::ZERO, |sum, (_, part)| sum.plus(*part)).unwrap();
                    prop_assert_eq!(sum, amount);
                    let movement = |(asset, amount): &(Asset, Amount)| Movement::Debit {
                        asset: *asset, amount: *amount, purpose: Purpose::DebitOrderPayment, merchant_id: Some("m1".into()),
                    };
                    let change = Change {
                        related: EntityRef { kind: "order".into(), id: "o".into() },
                        movements: parts.iter().map(movement).collect(),
                    };
                    let decided = decide(&wallet, &change, Timestamp::from_millis(10), Window { offset_minutes: 0 });
                    prop_assert!(decided.is_ok());
                    prop_assert!(parts.iter().all(|(asset, part)| *asset == Asset::Cash || part.value().scale() == 0));
                }
            }
        }
    }
}
