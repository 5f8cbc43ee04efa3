//! The rows of the service's own table, and their keys. Nothing but the counters is ever changed.
//!
//! `invoice#<number>`: an invoice, its hash and the sealed name. `payment#<payment>`: the number of the invoice that it
//! has. `year#<year>`: how many numbers of the year are taken. `user#<user>`, `customer#<customer>`: their invoices, in
//! order of their numbers.

use quoin_events::{Sealed, Timestamp};
use quoin_money::Amount;
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key, StoreError};
use serde::{Deserialize, Serialize};

use crate::invoice::Invoice;

/// The attribute of a counter.
pub(crate) const LAST: &str = "last";

/// Name of the table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("billing")
}

/// Where an invoice stands.
pub(crate) fn invoice(number: &str) -> Key {
    Key::new(format!("invoice#{number}"), "invoice")
}

/// Where the claim of a payment's invoice stands.
pub(crate) fn payment(payment_id: &str) -> Key {
    Key::new(format!("payment#{payment_id}"), "invoice")
}

/// Where the numbers of a year are counted.
pub(crate) fn year(year: &str) -> Key {
    Key::new(format!("year#{year}"), "counter")
}

/// Partition of the invoices of an account.
pub(crate) fn of_user(user_id: &str) -> String {
    format!("user#{user_id}")
}

/// Partition of the invoices of a customer.
pub(crate) fn of_customer(customer_id: &str) -> String {
    format!("customer#{customer_id}")
}

/// An item that begins with `key`.
pub(crate) fn item(key: Key) -> Item {
    Item::new().text("pk", key.pk).text("sk", key.sk)
}

/// An invoice as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    /// The invoice.
    pub(crate) invoice: Invoice,
    /// Its hash.
    pub(crate) hash: String,
    /// The customer's name, sealed under the account's key; `None` if none was known.
    pub(crate) full_name: Option<Sealed>,
}

impl Kept {
    /// The row.
    ///
    /// # Errors
    /// If the invoice cannot be written as JSON.
    pub(crate) fn row(&self) -> Result<Item, StoreError> {
        Ok(item(invoice(&self.invoice.number))
            .json("invoice", &self.invoice)?
            .text("hash", self.hash.clone())
            .text_opt("full_name", self.full_name.as_ref().map(Sealed::as_str)))
    }

    /// The invoice in a row.
    ///
    /// # Errors
    /// If the row is not one.
    pub(crate) fn read(row: &Item) -> Result<Self, StoreError> {
        let sealed = |text: &str| text.parse().map_err(|_| StoreError::Refused("the name is not sealed".to_owned()));
        Ok(Self {
            invoice: row.require_json("invoice")?,
            hash: row.require_text("hash")?.to_owned(),
            full_name: row.get_text("full_name").map(sealed).transpose()?,
        })
    }
}

/// An invoice in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ListedInvoice"))]
pub(crate) struct Listed {
    /// Its number.
    pub(crate) number: String,
    /// When the payment was told.
    pub(crate) issued_at: Timestamp,
    /// The payment.
    pub(crate) payment_id: String,
    /// For which subscription.
    pub(crate) subscription_id: String,
    /// What was paid, tax included.
    pub(crate) total: Amount,
    /// ISO 4217 code of the total.
    pub(crate) currency: String,
}

impl Listed {
    /// The line of `invoice`.
    pub(crate) fn of(invoice: &Invoice) -> Self {
        Self {
            number: invoice.number.clone(),
            issued_at: invoice.issued_at,
            payment_id: invoice.payment_id.clone(),
            subscription_id: invoice.subscription_id.clone(),
            total: invoice.total,
            currency: invoice.currency.clone(),
        }
    }

    /// Its row in the list `pk`, where it is the `place`th of `year`: numbers have no fixed length, sort keys do.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn row(&self, pk: String, year: &str, place: u64) -> Result<Item, StoreError> {
        item(Key::new(pk, format!("{year}#{place:012}"))).json("invoice", self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoice::tests::invoice;

    #[test]
    fn what_is_kept_is_read_again() {
        let full_name = Some(format!("enc:v1:{}", "A".repeat(40)).parse().unwrap());
        let kept = Kept { invoice: invoice(), hash: invoice().hash().unwrap(), full_name };
        assert_eq!(Kept::read(&kept.row().unwrap()).unwrap(), kept);
        let nameless = Kept { full_name: None, ..kept };
        assert_eq!(Kept::read(&nameless.row().unwrap()).unwrap(), nameless);
        assert!(Kept::read(&nameless.row().unwrap().text("full_name", "Jane Doe")).is_err());
    }

    #[test]
    fn lists_are_in_order_of_numbers_of_any_length() {
        let listed = Listed::of(&invoice());
        let key = |place| listed.row(of_user("u"), "2026", place).unwrap().get_text("sk").unwrap().to_owned();
        assert!(key(999_999) < key(1_000_000));
    }
}
