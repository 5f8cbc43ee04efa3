//! A product of any length: twenty odds have more digits than a `Decimal` holds.

use rust_decimal::Decimal;

const BASE: u128 = 1_000_000_000;

/// A product of decimals that are not negative, nothing rounded.
#[derive(Debug, Clone)]
pub struct Product {
    // Nine digits each, the lowest first.
    limbs: Vec<u32>,
    scale: usize,
}

impl Product {
    /// The product of nothing.
    pub fn one() -> Self {
        Self { limbs: vec![1], scale: 0 }
    }

    /// Times a decimal.
    #[must_use]
    pub fn times(mut self, factor: Decimal) -> Self {
        let (by, mut carry) = (factor.mantissa().unsigned_abs(), 0);
        for limb in &mut self.limbs {
            // 30 bits times 96 bits, and a carry below that.
            let sum = u128::from(*limb) * by + carry;
            *limb = (sum % BASE) as u32;
            carry = sum / BASE;
        }
        while carry > 0 {
            self.limbs.push((carry % BASE) as u32);
            carry /= BASE;
        }
        self.scale += factor.scale() as usize;
        self
    }

    /// All its places, without zeros at the end.
    pub fn text(&self) -> String {
        self.places(self.scale)
    }

    /// Rounded down to so many places, without zeros at the end.
    pub fn places(&self, places: usize) -> String {
        let mut digits: String = self.limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
        if digits.len() <= self.scale {
            digits.insert_str(0, &"0".repeat(self.scale + 1 - digits.len()));
        }
        let (whole, rest) = digits.split_at(digits.len() - self.scale);
        let whole = whole.trim_start_matches('0');
        let rest = rest[..places.min(self.scale)].trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{point}{rest}", if whole.is_empty() { "0" } else { whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(factors: &[&str]) -> Product {
        factors.iter().fold(Product::one(), |product, factor| product.times(factor.parse().unwrap()))
    }

    #[test]
    fn keeps_every_digit() {
        assert_eq!(product(&["1.85", "2.4"]).text(), "4.44");
        assert_eq!(product(&[]).text(), "1");
        assert_eq!(product(&["0.1", "0.05"]).text(), "0.005");
        // 101 to the 20th power, from Python.
        assert_eq!(product(&["1.01"; 20]).text(), "1.2201900399479668244827490915525641902001");
        assert_eq!(product(&["1000000000"; 3]).text(), "1000000000000000000000000000");
    }

    #[test]
    fn rounds_down() {
        assert_eq!(product(&["25.5", "1.85", "2.4"]).places(2), "113.22");
        assert_eq!(product(&["0.01", "1.999"]).places(2), "0.01");
        assert_eq!(product(&["10", "1.001"]).places(2), "10.01");
        assert_eq!(product(&["10", "1.0009"]).places(2), "10");
    }
}
