//! An invoice: what was paid, split into lines and into net and tax, under a number.

use quoin_digest::Sha256;
use quoin_events::Timestamp;
use quoin_money::{Amount, Delta, MoneyError, TaxRate};
use serde::{Deserialize, Serialize};

use crate::payment::Payment;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InvoiceLineKind"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineKind {
    /// A period of a plan.
    Plan,
    /// What was left of money paid before.
    Credit,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "InvoiceLine"))]
pub(crate) struct Line {
    /// What it is about.
    pub(crate) kind: LineKind,
    /// The plan of the period.
    pub(crate) plan: String,
    /// The first moment of what was paid for.
    pub(crate) period_start: Timestamp,
    /// The first moment after it.
    pub(crate) period_end: Timestamp,
    /// Tax included; below zero for what is taken off.
    pub(crate) amount: Delta,
}

/// An invoice. Who it is for is known by ids only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub(crate) struct Invoice {
    /// Its number: the year of the payment, and its place among the invoices of that year.
    pub(crate) number: String,
    /// When the payment was told.
    pub(crate) issued_at: Timestamp,
    /// Who issues it, a part of the name and address between each two semicolons.
    pub(crate) issuer: String,
    /// The payment.
    pub(crate) payment_id: String,
    /// Who paid.
    pub(crate) customer_id: String,
    /// The account of the customer.
    pub(crate) user_id: String,
    /// For which subscription.
    pub(crate) subscription_id: String,
    /// ISO 4217 code of the amounts.
    pub(crate) currency: String,
    /// What it is made of; the amounts add up to the total.
    pub(crate) lines: Vec<Line>,
    /// What was paid, tax included.
    pub(crate) total: Amount,
    /// The tax, in percent of the net.
    pub(crate) tax_percent: Amount,
    /// The total without the tax.
    pub(crate) net: Amount,
    /// The tax in the total.
    pub(crate) tax: Amount,
}

/// What the stage says of every invoice.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Who issues it.
    pub(crate) issuer: String,
    /// The tax that prices include.
    pub(crate) tax: TaxRate,
    /// Decimals of the currency.
    pub(crate) scale: u32,
}

/// The year whose numbers an invoice of `at` takes part in.
pub(crate) fn year(at: Timestamp) -> String {
    at.day().chars().take(4).collect()
}

/// The `place`th number of a year.
pub(crate) fn number(year: &str, place: u64) -> String {
    format!("INV-{year}-{place:06}")
}

impl Invoice {
    /// The invoice of `payment` under `number`.
    ///
    /// # Errors
    /// If an amount has too many digits.
    pub(crate) fn of(payment: &Payment, number: String, terms: &Terms) -> Result<Self, MoneyError> {
        let line = |kind, amount| Line {
            kind,
            plan: payment.plan.clone(),
            period_start: payment.period_start,
            period_end: payment.period_end,
            amount,
        };
        let mut lines = vec![line(LineKind::Plan, Delta::plus(payment.price))];
        if !payment.credit.is_zero() {
            lines.push(line(LineKind::Credit, Delta::minus(payment.credit)));
        }
        let taxed = terms.tax.within(payment.amount, terms.scale)?;
        Ok(Self {
            number,
            issued_at: payment.at,
            issuer: terms.issuer.clone(),
            payment_id: payment.payment_id.clone(),
            customer_id: payment.customer_id.clone(),
            user_id: payment.user_id.clone(),
            subscription_id: payment.subscription_id.clone(),
            currency: payment.currency.clone(),
            lines,
            total: payment.amount,
            tax_percent: terms.tax.percent(),
            net: taxed.net,
            tax: taxed.tax,
        })
    }

    /// SHA-256 over its JSON, in hexadecimal: whoever has the figures can tell that nothing was changed.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn hash(&self) -> Result<String, serde_json::Error> {
        Ok(Sha256::of(serde_json::to_vec(self)?).hex())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::payment;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    pub(crate) fn terms() -> Terms {
        Terms { issuer: "Quoin;1 Main Street".to_owned(), tax: "18".parse().unwrap(), scale: 2 }
    }

    pub(crate) fn invoice() -> Invoice {
        let payment = payment::of(&payment::tests::processed()).unwrap().unwrap();
        Invoice::of(&payment, number("2026", 1), &terms()).unwrap()
    }

    #[test]
    fn a_credit_is_a_line_of_its_own_and_tax_is_part_of_the_total() {
        let invoice = invoice();
        let lines: Vec<_> = invoice.lines.iter().map(|line| (line.kind, line.amount.value().to_string())).collect();
        assert_eq!(lines, [(LineKind::Plan, "499".to_owned()), (LineKind::Credit, "-99.5".to_owned())]);
        let sums = [invoice.total, invoice.net, invoice.tax].map(|sum| sum.to_string());
        assert_eq!(
            (sums, invoice.number.as_str()),
            (["399.5", "338.56", "60.94"].map(str::to_owned), "INV-2026-000001")
        );
    }

    #[test]
    fn the_hash_tells_of_any_change() {
        let before = invoice();
        let hash = before.hash().unwrap();
        assert_eq!((hash.len(), before.hash().unwrap()), (64, hash.clone()));
        let stored: Invoice = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
        assert_eq!(stored.hash().unwrap(), hash);
        let changed = Invoice { total: Amount::whole(1), ..before };
        assert_ne!(changed.hash().unwrap(), hash);
    }

    #[test]
    fn years_are_those_of_the_payment_and_numbers_grow_beyond_six_digits() {
        assert_eq!(year("2026-12-31T23:59:59.999Z".parse().unwrap()), "2026");
        assert_eq!(number("2027", 1_234_567), "INV-2027-1234567");
    }

    proptest! {
        #[test]
        fn the_totals_of_any_payment_add_up(
            price in 0_i64..1_000_000_000_000,
            share in 0_i64..=1_000,
            rate in 0_i64..=10_000,
            scale in 0_u32..=4,
        ) {
            let credit = price.div_euclid(1_000).saturating_mul(share);
            let amount = |units: i64| Amount::try_new(Decimal::new(units, scale)).unwrap();
            let mut payment = payment::of(&payment::tests::processed()).unwrap().unwrap();
            (payment.price, payment.credit) = (amount(price), amount(credit));
            payment.amount = amount(price.saturating_sub(credit));
            let tax = Decimal::new(rate, 2).to_string().parse().unwrap();
            let invoice = Invoice::of(&payment, number("2026", 1), &Terms { tax, scale, ..terms() }).unwrap();
            let sum = invoice.lines.iter().try_fold(Delta::ZERO, |sum, line| sum.and(line.amount)).unwrap();
            prop_assert_eq!(sum, Delta::plus(invoice.total));
            prop_assert_eq!(invoice.net.plus(invoice.tax).unwrap(), invoice.total);
            prop_assert!(invoice.net.value().scale() <= scale && invoice.tax.value().scale() <= scale);
        }
    }
}
