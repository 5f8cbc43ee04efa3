//! What an order costs: prices times quantities, less the discount, with delivery. Pure and exact.

use quoin_events::types::{OrderItem, OrderPricing};
use quoin_money::{Amount, MoneyError, Rounding, allot};
use rust_decimal::Decimal;

use crate::catalogue::{Discount, DiscountKind};

/// The sum of the lines, before the discount.
///
/// # Errors
/// If it is too large.
pub(crate) fn subtotal(items: &[OrderItem]) -> Result<Amount, MoneyError> {
    items.iter().try_fold(Amount::ZERO, |sum, item| sum.plus(item.total))
}

/// What `discount` takes off `subtotal`, never more than all of it; a percentage is rounded half up at `scale`.
///
/// # Errors
/// If the numbers are too large.
pub(crate) fn discounted(subtotal: Amount, discount: &Discount, scale: u32) -> Result<Amount, MoneyError> {
    let amount = match discount.kind {
        DiscountKind::Fixed => discount.amount,
        DiscountKind::Percent => {
            let factor = discount.amount.value().checked_div(Decimal::ONE_HUNDRED).ok_or(MoneyError::Overflow)?;
            subtotal.times(factor, scale, Rounding::HalfUp)?
        }
    };
    Ok(amount.min(subtotal))
}

/// The pricing of an order, and each line's part of the discount.
///
/// # Errors
/// If the numbers are too large.
pub(crate) fn price(
    items: &[OrderItem],
    discount: Option<&Discount>,
    delivery_fee: Amount,
    scale: u32,
) -> Result<(OrderPricing, Vec<Amount>), MoneyError> {
    let subtotal = subtotal(items)?;
    let discount = match discount {
        Some(discount) => discounted(subtotal, discount, scale)?,
        None => Amount::ZERO,
    };
    let parts = if discount.is_zero() {
        vec![Amount::ZERO; items.len()]
    } else {
        let weights: Vec<_> = items.iter().map(|item| item.total).collect();
        // Something is taken off, so a line costs something.
        allot(discount, &weights, scale).map_err(|_| MoneyError::Overflow)?
    };
    let total = subtotal.minus(discount)?.plus(delivery_fee)?;
    Ok((OrderPricing { subtotal, discount, delivery_fee, total }, parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(cents: i64, quantity: u32) -> OrderItem {
        let unit_price = Amount::try_new(Decimal::new(cents, 2)).unwrap();
        OrderItem {
            product_id: "p".into(),
            product_name: "Product".into(),
            quantity,
            unit_price,
            total: unit_price.times(Decimal::from(quantity), 2, Rounding::HalfUp).unwrap(),
        }
    }

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn off(kind: DiscountKind, text: &str) -> Discount {
        Discount { kind, amount: amount(text) }
    }

    #[test]
    fn the_sources_cart_costs_450() {
        let items = [item(15_000, 2), item(4_000, 5)];
        let (pricing, parts) = price(&items, Some(&off(DiscountKind::Fixed, "50")), Amount::ZERO, 2).unwrap();
        assert_eq!((pricing.subtotal, pricing.discount, pricing.total), (amount("500"), amount("50"), amount("450")));
        assert_eq!(parts, [amount("30"), amount("20")]);
    }

    #[test]
    fn no_line_is_discounted_by_more_than_its_price() {
        let (_, parts) =
            price(&[item(20_000, 1), item(10_000, 1)], Some(&off(DiscountKind::Fixed, "30")), Amount::ZERO, 2).unwrap();
        assert_eq!(parts, [amount("20"), amount("10")]);
        let items = [item(300, 1), item(100, 1), item(200, 1)];
        let (_, parts) = price(&items, Some(&off(DiscountKind::Percent, "100")), Amount::ZERO, 2).unwrap();
        assert_eq!(parts, [amount("3"), amount("1"), amount("2")]);
    }

    #[test]
    fn a_percentage_is_rounded_half_up() {
        let percent = |cart, rate| discounted(amount(cart), &off(DiscountKind::Percent, rate), 2).unwrap();
        assert_eq!(percent("10.10", "2.5"), amount("0.25"));
        assert_eq!(percent("10.20", "2.5"), amount("0.26"));
        assert_eq!(percent("99.99", "100"), amount("99.99"));
    }

    #[test]
    fn a_discount_leaves_the_fee_and_is_never_more_than_the_cart() {
        let (pricing, parts) =
            price(&[item(1_000, 1)], Some(&off(DiscountKind::Fixed, "50")), amount("4.5"), 2).unwrap();
        assert_eq!((pricing.discount, pricing.total), (amount("10"), amount("4.5")));
        assert_eq!(parts, [amount("10")]);
    }

    #[test]
    fn what_costs_nothing_has_no_discount() {
        let (pricing, parts) = price(&[item(0, 3)], Some(&off(DiscountKind::Fixed, "50")), Amount::ZERO, 2).unwrap();
        assert_eq!((pricing.total, parts), (Amount::ZERO, vec![Amount::ZERO]));
    }

    proptest! {
        #[test]
        fn every_cent_is_somewhere(
            lines in prop::collection::vec((0_i64..100_000, 1_u32..50), 1..20),
            fee in 0_i64..10_000, rate in 1_i64..=10_000, fixed in 1_i64..1_000_000, is_fixed in any::<bool>(),
        ) {
            let items: Vec<_> = lines.into_iter().map(|(cents, quantity)| item(cents, quantity)).collect();
            let (kind, cents) = if is_fixed { (DiscountKind::Fixed, fixed) } else { (DiscountKind::Percent, rate) };
            let discount = Discount { kind, amount: Amount::try_new(Decimal::new(cents, 2)).unwrap() };
            let fee = Amount::try_new(Decimal::new(fee, 2)).unwrap();
            let (pricing, parts) = price(&items, Some(&discount), fee, 2).unwrap();
            prop_assert_eq!(parts.len(), items.len());
            prop_assert!(pricing.discount <= pricing.subtotal);
            let sum = parts.iter().try_fold(Amount::ZERO, |sum, part| sum.plus(*part)).unwrap();
            prop_assert_eq!(sum, pricing.discount);
            let back = pricing.total.plus(pricing.discount).unwrap();
            prop_assert_eq!(back, pricing.subtotal.plus(fee).unwrap());
            for (part, item) in parts.iter().zip(&items) {
                prop_assert!(part.value().scale() <= 2);
                prop_assert!(*part <= item.total);
            }
        }
    }
}
