//! The model's own money: hundredths as whole numbers. It shares nothing with the platform's.

/// Hundredths of a unit.
pub(crate) type Cents = i128;

/// The hundredths of a decimal text; `None` if it has more than two decimals or is not one.
pub(crate) fn cents(text: &str) -> Option<Cents> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if part.len() > 2 || whole.is_empty() {
        return None;
    }
    let number: Cents = format!("{whole}{part:0<2}").parse().ok()?;
    Some(sign * number)
}

/// The same of a JSON number.
///
/// # Panics
/// If it is none: a balance that cannot be read is not one of nothing.
pub(crate) fn of(value: &serde_json::Value) -> Cents {
    cents(&value.to_string()).unwrap_or_else(|| panic!("{value} is not an amount"))
}

/// Hundredths as a decimal text.
pub(crate) fn shown(cents: Cents) -> String {
    let (sign, amount) = (if cents < 0 { "-" } else { "" }, cents.abs());
    format!("{sign}{}.{:02}", amount / 100, amount % 100)
}

/// `amount × numerator ÷ denominator`, a half rounded up.
pub(crate) fn times(amount: Cents, numerator: Cents, denominator: Cents) -> Cents {
    (2 * amount * numerator + denominator).div_euclid(2 * denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_hundredths() {
        assert_eq!(["5", "5.1", "-0.07", "12.345", ""].map(cents), [Some(500), Some(510), Some(-7), None, None]);
        assert_eq!([510, -7, 0].map(shown), ["5.10", "-0.07", "0.00"]);
        assert_eq!((times(333, 3, 2), times(5, 1, 2), times(1, 1, 3)), (500, 3, 0));
    }
}
