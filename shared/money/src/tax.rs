//! A tax that prices include: what of an amount is the tax, and what is left without it.

use std::str::FromStr;

use rust_decimal::Decimal;

use crate::{Amount, MoneyError};

/// The most decimals of a rate.
const RATE_SCALE: u32 = 4;

/// A rate in percent of the net price: 0 to 100 with at most four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxRate(Amount);

/// What an amount that includes tax consists of; the parts add up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taxed {
    /// Without the tax.
    pub net: Amount,
    /// The tax.
    pub tax: Amount,
}

/// A text that is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 0 to 100 with at most four decimals")]
pub struct ParseTaxRateError;

impl FromStr for TaxRate {
    type Err = ParseTaxRateError;

    fn from_str(text: &str) -> Result<Self, ParseTaxRateError> {
        let percent: Amount = text.parse().map_err(|_| ParseTaxRateError)?;
        if percent > Amount::whole(100) || percent.value().scale() > RATE_SCALE {
            return Err(ParseTaxRateError);
        }
        Ok(Self(percent))
    }
}

impl TaxRate {
    /// The rate in percent.
    #[must_use]
    pub const fn percent(self) -> Amount {
        self.0
    }

    /// The parts of `gross`: net is `gross / (1 + rate)`, halves up, with `scale` decimals (or as many as `gross`
    /// has, if those are more), and tax is the rest.
    ///
    /// # Errors
    /// If `gross` has too many digits.
    pub fn within(self, gross: Amount, scale: u32) -> Result<Taxed, MoneyError> {
        let scale = gross.value().scale().max(scale);
        // In whole numbers, so that a quotient just below a half is not rounded twice.
        let whole = units(Decimal::ONE_HUNDRED, RATE_SCALE)?;
        let divisor = whole.checked_add(units(self.0.value(), RATE_SCALE)?).ok_or(MoneyError::Overflow)?;
        let doubled = units(gross.value(), scale)?.checked_mul(whole).and_then(|product| product.checked_mul(2));
        let net = doubled
            .and_then(|doubled| doubled.checked_add(divisor))
            .and_then(|sum| sum.checked_div(divisor.checked_mul(2)?))
            .ok_or(MoneyError::Overflow)?;
        let net = Decimal::try_from_i128_with_scale(net, scale).map_err(|_| MoneyError::Overflow)?;
        let net = Amount::try_new(net)?;
        Ok(Taxed { net, tax: gross.minus(net)? })
    }
}

/// `value` in units of the last of `scale` decimals, which are enough for it.
fn units(value: Decimal, scale: u32) -> Result<i128, MoneyError> {
    let mut value = value;
    value.rescale(scale);
    if value.scale() == scale { Ok(value.mantissa()) } else { Err(MoneyError::Overflow) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tax_is_taken_out_of_the_price_and_halves_of_the_net_go_up() {
        for (gross, percent, scale, net, tax) in [
            ("118", "18", 2, "100", "18"),
            ("9.99", "18", 2, "8.47", "1.52"),
            ("99.9", "19", 2, "83.95", "15.95"),
            ("0.01", "18", 2, "0.01", "0"),
            ("100", "0", 2, "100", "0"),
            ("100", "100", 2, "50", "50"),
            // 0.01 / 2 is half of the smallest unit.
            ("0.01", "100", 2, "0.01", "0"),
            ("0.03", "100", 2, "0.02", "0.01"),
            ("1180", "18", 0, "1000", "180"),
            ("10", "7.25", 2, "9.32", "0.68"),
            ("0", "18", 2, "0", "0"),
        ] {
            let rate: TaxRate = percent.parse().unwrap();
            let taxed = rate.within(gross.parse().unwrap(), scale).unwrap();
            let expected = Taxed { net: net.parse().unwrap(), tax: tax.parse().unwrap() };
            assert_eq!(taxed, expected, "{percent} % in {gross}");
        }
    }

    #[test]
    fn only_percentages_are_rates() {
        for wrong in ["", "-1", "100.0001", "101", "18%", "1.23456"] {
            assert_eq!(wrong.parse::<TaxRate>(), Err(ParseTaxRateError), "{wrong}");
        }
        assert_eq!("7.25".parse::<TaxRate>().unwrap().percent().to_string(), "7.25");
    }

    proptest! {
        #[test]
        fn the_parts_of_any_amount_add_up_to_it_and_are_nearest(
            units in 0_i64..100_000_000_000_000,
            scale in 0_u32..=8,
            rate in 0_i64..=1_000_000,
        ) {
            let gross = Amount::try_new(Decimal::new(units, scale)).unwrap();
            let rate: TaxRate = Decimal::new(rate, RATE_SCALE).to_string().parse().unwrap();
            let Taxed { net, tax } = rate.within(gross, scale).unwrap();
            prop_assert_eq!(net.plus(tax).unwrap(), gross);
            // net × (100 + rate) is within half a unit of gross × 100.
            let trillionths = |amount: Amount| {
                let mut value = amount.value();
                value.rescale(12);
                value.mantissa()
            };
            let divisor = trillionths(rate.percent()).saturating_div(100_000_000).saturating_add(1_000_000);
            let whole = trillionths(gross).saturating_mul(1_000_000);
            let difference = trillionths(net).saturating_mul(divisor).saturating_sub(whole);
            let unit = 10_i128.saturating_pow(12_u32.saturating_sub(scale));
            let half = divisor.saturating_mul(unit).saturating_div(2);
            prop_assert!(half.saturating_neg() < difference && difference <= half, "{net} of {gross}");
        }
    }
}
