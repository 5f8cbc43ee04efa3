//! Sums that are spread over several rows.

use quoin_money::{Delta, MoneyError};
use quoin_runtime::{Env, Failure, Problem};
use quoin_store::{Item, Query};
use rust_decimal::Decimal;

/// The sums called `names` over all rows of a partition.
///
/// # Errors
/// 503 if they cannot be read.
pub(crate) async fn read<const N: usize>(
    env: &Env,
    table: &str,
    pk: &str,
    names: [&str; N],
) -> Result<[Delta; N], Problem> {
    let (mut sums, mut after) = ([Delta::ZERO; N], None);
    loop {
        let page = env.store.query(table, Query::of(pk).after(after)).await?;
        for row in &page.items {
            add(&mut sums, row, names).map_err(Failure::poison)?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(sums);
        }
    }
}

fn add<const N: usize>(sums: &mut [Delta; N], row: &Item, names: [&str; N]) -> Result<(), MoneyError> {
    for (sum, name) in sums.iter_mut().zip(names) {
        let Some(digits) = row.get_digits(name) else { continue };
        let value = Decimal::from_str_exact(digits).map_err(|_| MoneyError::Overflow)?;
        *sum = sum.and(Delta::new(value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up_digit_by_digit() {
        let mut sums = [Delta::ZERO; 2];
        for (orders, amount) in [("2", "10.05"), ("-1", "-0.05"), ("1", "12345678901234567890.01")] {
            add(&mut sums, &Item::new().number("orders", orders).number("amount", amount), ["orders", "amount"])
                .unwrap();
        }
        assert_eq!(sums.map(|sum| sum.to_string()), ["2", "12345678901234567900.01"]);
    }
}
